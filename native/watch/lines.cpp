#include "watch/lines.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "log/duration_text.hpp"
#include "log/printable.hpp"
#include "watch/times.hpp"

namespace regstream::watch {
namespace {

using logging::duration_text;

std::string line(std::int64_t timestamp_ms, std::string_view subject, std::string_view what) {
  return utc_text(timestamp_ms).append(" ").append(subject).append(" ").append(what);
}

std::int64_t known_time(std::int64_t timestamp_ms, std::int64_t now_ms) {
  return timestamp_ms > 0 ? timestamp_ms : now_ms;
}

const StageView* find_stage(const RegistrationView& view, std::string_view name) {
  const auto found = std::find_if(view.stages.begin(), view.stages.end(),
                                  [name](const StageView& stage) { return stage.name == name; });
  return found == view.stages.end() ? nullptr : &*found;
}

/// Whether `after` tells of another validation than `before`: stages only go with the validation
/// that they belong to.
bool is_new_validation(const RegistrationView& before, const RegistrationView& after) {
  return std::any_of(before.stages.begin(), before.stages.end(), [&after](const StageView& stage) {
    return find_stage(after, stage.name) == nullptr;
  });
}

/// " after 1.2 s", where the time is known.
std::string after_text(Duration time) {
  return time > Duration::zero() ? " after " + duration_text(time) : std::string();
}

/// " (1 of 4)".
std::string progress_text(std::size_t done, std::size_t total) {
  return " (" + std::to_string(done) + " of " + std::to_string(total) + ")";
}

/// ": Found 5 accounts", where there is a message.
std::string message_text(std::string_view message) {
  return message.empty() ? std::string() : ": " + printable(message);
}

std::string line_of_stage(const RegistrationView& view, const StageView& stage,
                          std::string_view progress, std::int64_t now_ms) {
  const bool is_running = stage.status == StageStatus::started;
  std::string what = printable(stage.name) + " " + std::string{to_string(stage.status)};
  if (!is_running) {
    what.append(after_text(stage_time(stage, now_ms)));
  }
  what.append(progress).append(message_text(stage.message));
  const std::int64_t timestamp_ms =
      is_running ? stage.started_timestamp_ms : stage.ended_timestamp_ms;
  return line(known_time(timestamp_ms, now_ms), name_of(view), what);
}

/// Lines of stages say how many had ended with each: a view that comes at once tells its story in
/// order.
std::vector<std::string> lines_of_stages(const RegistrationView& before,
                                         const RegistrationView& after, const Workflow& workflow,
                                         std::int64_t now_ms) {
  const bool is_new = is_new_validation(before, after);
  std::vector<const StageView*> changed;
  std::size_t done = 0;
  for (const StageView& stage : after.stages) {
    const StageView* const known = is_new ? nullptr : find_stage(before, stage.name);
    if (known == nullptr || *known != stage) {
      changed.push_back(&stage);
    } else if (stage.status != StageStatus::started) {
      ++done;
    }
  }
  const std::size_t total = progress_of(after, workflow).stages_total;
  std::vector<std::string> lines;
  for (const StageView* const stage : changed) {
    done += stage->status == StageStatus::started ? 0 : 1;
    lines.push_back(line_of_stage(after, *stage, progress_text(done, total), now_ms));
  }
  return lines;
}

}  // namespace

std::string name_of(const RegistrationView& view) {
  return view.text_id.empty() ? std::to_string(view.registration_id) : printable(view.text_id);
}

std::vector<std::string> lines_of_change(const RegistrationView& before,
                                         const RegistrationView& after, const Workflow& workflow,
                                         std::int64_t now_ms) {
  std::vector<std::string> lines;
  if (before.has_gap && !after.has_gap) {
    lines.push_back(line(now_ms, name_of(after), "snapshot: what follows is complete again"));
  }
  for (std::string& stage : lines_of_stages(before, after, workflow, now_ms)) {
    lines.push_back(std::move(stage));
  }
  const bool ends = after.is_final && (!before.is_final || before.status != after.status);
  const bool says_more = lines.empty() && !after.status.empty() &&
                         (before.status != after.status || before.message != after.message);
  if (ends || says_more) {
    const Progress progress = progress_of(after, workflow);
    const std::string time = after.is_final ? after_text(total_time(after)) : std::string();
    lines.push_back(line(known_time(after.timestamp_ms, now_ms), name_of(after),
                         printable(after.status) + time +
                             progress_text(progress.stages_done, progress.stages_total) +
                             message_text(after.message)));
  }
  return lines;
}

std::string line_of_state(const StateChanged& change, bool was_connected, std::string_view problem,
                          std::int64_t now_ms) {
  const std::string why = problem.empty() ? std::string{} : ": " + printable(problem);
  switch (change.to) {
    case ConnectionState::open:
      return was_connected ? std::string{} : line(now_ms, "stream", "live");
    case ConnectionState::waiting:
      return line(
          now_ms, "stream",
          "reconnecting" + (why.empty() ? ": " + std::string{to_string(change.reason)} : why));
    case ConnectionState::closed:
      return change.reason == ConnectionReason::requested
                 ? std::string{}
                 : line(now_ms, "stream", "closed: " + std::string{to_string(change.reason)} + why);
    case ConnectionState::idle:
    case ConnectionState::authorizing:
    case ConnectionState::connecting:
      break;
  }
  return {};
}

std::string line_of_gap(std::string_view problem, std::int64_t now_ms) {
  return line(now_ms, "stream",
              problem.empty() ? "reset: updates may have been missed"
                              : "an update may have been missed: " + printable(problem));
}

}  // namespace regstream::watch
