#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <regstream/message/event_id.hpp>

#include "hub/journal.hpp"

namespace regstream::gateway {

/// Which of a process's loops it is. By default the only one.
struct LoopPlace {
  std::size_t index = 0;
  std::size_t count = 1;
};

/// Says in the log that a history began where another had been told: when it is live, as only then
/// it shows what is left.
class HistoryLog {
 public:
  /// `workflow`: the name of the one whose history it is; must outlive this. `loop`: whose streams
  /// are told of it. What has become of the history the first one says, and each how many they are.
  HistoryLog(std::string_view workflow, LoopPlace loop) : workflow_(workflow), loop_(loop) {}

  /// A history begins, after another that was told up to `before` (`0-0`: there was none);
  /// `streams` get a reset.
  void on_history(EventId before, std::size_t streams);
  /// It is live. `reason`: what may have become of the other one; it may be empty.
  void on_live(const hub::Journal& journal, std::string_view reason);

 private:
  std::string_view workflow_;
  LoopPlace loop_;
  std::optional<EventId> before_;
  std::size_t streams_ = 0;
};

}  // namespace regstream::gateway
