#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <regstream/message/event_id.hpp>
#include <regstream/message/status.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream {

/// One stage of a validation, as far as known.
struct StageView {
  std::string name;
  StageStatus status = StageStatus::started;
  std::string message;
  std::int64_t started_timestamp_ms = 0;  ///< 0: its start was not seen, or it had no time.
  std::int64_t ended_timestamp_ms = 0;    ///< 0: it has not ended, or its end had no time.

  friend bool operator==(const StageView&, const StageView&) = default;
};

/// Everything that is known about one registration.
struct RegistrationView {
  std::int64_t registration_id = 0;  ///< 0 if the workflow's ids are text: `text_id`.
  std::string status;                ///< As sent; empty: nothing is known yet.
  std::string stage;                 ///< The stage of this validation's last stage update.
  std::vector<StageView> stages;     ///< In the order of their first appearance.
  /// This validation has more stages than `stages` may hold.
  bool has_more_stages = false;
  std::string message;
  std::string details;            ///< JSON text of an object, or empty.
  std::string process_log;        ///< JSON text of an array, or empty.
  std::int64_t timestamp_ms = 0;  ///< The newest update's time.
  bool is_final = false;
  /// A final status has arrived, and no validation has begun since. It outlives `is_final`, since
  /// an unknown status may follow a final one.
  bool has_ended = false;
  /// Updates may have been missed: the view was true once, and may be outdated.
  bool has_gap = false;
  /// The history of this view was lost: the next update is not compared with it. No gateway sends
  /// this, only a client saves it with its view.
  bool has_lost_history = false;
  /// The newest update's id, if one had an id. Empty once the history that it belonged to was lost.
  std::optional<EventId> id = std::nullopt;
  std::string text_id = {};  ///< Empty if the workflow's ids are numbers.

  friend bool operator==(const RegistrationView&, const RegistrationView&) = default;
};

/// How much of a validation is done, whatever the outcome.
struct Progress {
  std::size_t stages_done = 0;
  std::size_t stages_total = 0;  ///< Never 0.

  friend bool operator==(const Progress&, const Progress&) = default;
};

/// Computes the progress. A stage that has ended (completed, failed or skipped) is done. The total
/// is the number of declared stages, as long as only declared stages were seen; otherwise it is the
/// number of stages seen, since nobody knows how many others there are. Once the instance has
/// ended, everything is done.
[[nodiscard]] Progress progress_of(const RegistrationView& view, const Workflow& workflow);
[[nodiscard]] Progress progress_of(const RegistrationView& view);

}  // namespace regstream
