#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <regstream/message/event_id.hpp>

#include "hub/journal.hpp"

namespace regstream::gateway {

/// A loop's place among those of the process. By default the only one.
struct LoopPlace {
  std::size_t index = 0;
  std::size_t count = 1;
};

/// Logs that a history replaced another one. It waits until the new history is live, because only
/// then it is known what is left.
class HistoryLog {
 public:
  /// `workflow` is the workflow's name, and must outlive this. `loop` is the loop whose streams get
  /// the reset: the first loop logs what happened to the history, and each loop logs how many of
  /// its streams get a reset.
  HistoryLog(std::string_view workflow, LoopPlace loop) : workflow_(workflow), loop_(loop) {}

  /// A history begins. The one before it was delivered up to `before` (`0-0`: there was none). This
  /// many `streams` get a reset.
  void on_history(EventId before, std::size_t streams);
  /// The new history is live. `reason` says what may have happened to the old one; it may be empty.
  void on_live(const hub::Journal& journal, std::string_view reason);

 private:
  std::string_view workflow_;
  LoopPlace loop_;
  std::optional<EventId> before_;
  std::size_t streams_ = 0;
};

}  // namespace regstream::gateway
