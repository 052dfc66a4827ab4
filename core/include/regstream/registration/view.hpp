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

/// One stage of a validation, as far as it is known.
struct StageView {
  std::string name;
  StageStatus status = StageStatus::started;
  std::string message;
  std::int64_t started_timestamp_ms = 0;  ///< 0: its start was not seen, or had no time.
  std::int64_t ended_timestamp_ms = 0;    ///< 0: it has not ended, or its end had no time.

  friend bool operator==(const StageView&, const StageView&) = default;
};

/// Everything that is known of one registration.
struct RegistrationView {
  std::int64_t registration_id = 0;  ///< 0 where the workflow's ids are text: `text_id`.
  std::string status;                ///< As sent; empty: nothing is known yet.
  std::string stage;                 ///< The stage last heard of in this validation.
  std::vector<StageView> stages;     ///< In the order in which they appeared.
  /// This validation has stages that are not in `stages`, as these have a limit.
  bool has_more_stages = false;
  std::string message;
  std::string details;            ///< JSON text of an object, or empty.
  std::string process_log;        ///< JSON text of an array, or empty.
  std::int64_t timestamp_ms = 0;  ///< Of the newest update.
  bool is_final = false;
  /// A final status has come, and no validation has begun since. Outlives `is_final`: an unknown
  /// status may follow a final one.
  bool has_ended = false;
  /// Updates may have been missed: the view was true, and need not be any more.
  bool has_gap = false;
  /// The history that the view was folded from was lost: what comes next is not compared with it.
  /// No gateway says this, only a client that saves its view.
  bool has_lost_history = false;
  /// Of the newest update that had one. None once the history that it belonged to was lost.
  std::optional<EventId> id = std::nullopt;
  std::string text_id = {};  ///< Empty where the workflow's ids are numbers.

  friend bool operator==(const RegistrationView&, const RegistrationView&) = default;
};

/// How much of a validation is over, however it went.
struct Progress {
  std::size_t stages_done = 0;
  std::size_t stages_total = 0;  ///< Never 0.

  friend bool operator==(const Progress&, const Progress&) = default;
};

/// Done is a stage that has ended: completed, failed or skipped. The total is what the workflow
/// declares as long as only such stages were seen, else the stages seen: nobody knows how many
/// others there are. Once the instance has ended, all of it is done.
[[nodiscard]] Progress progress_of(const RegistrationView& view, const Workflow& workflow);
[[nodiscard]] Progress progress_of(const RegistrationView& view);

}  // namespace regstream
