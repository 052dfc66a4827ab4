#include "watch/frame.hpp"

#include <algorithm>
#include <string_view>

#include "log/duration_text.hpp"
#include "log/printable.hpp"
#include "watch/lines.hpp"
#include "watch/times.hpp"

namespace regstream::watch {
namespace {

using logging::duration_text;

// ECMA-48, 8.3.117: select graphic rendition.
constexpr std::string_view bold = "1";
constexpr std::string_view faint = "2";
constexpr std::string_view red = "31";
constexpr std::string_view green = "32";
constexpr std::string_view yellow = "33";
constexpr std::string_view cyan = "36";

constexpr std::size_t bar_width = 20;
constexpr std::size_t short_bar_width = 8;
/// A stage's title or a status: what is longer is cut, so that the columns behind it stay on the
/// screen.
constexpr std::size_t name_bytes_max = 40;

std::string painted(std::string_view colour, std::string_view text) {
  return std::string("\x1b[").append(colour).append("m").append(text).append("\x1b[0m");
}

/// Code points, which is what most text takes in columns. Where it is not, columns are a little
/// off.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
  }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t has = width_of(text);
  return has < width ? text.append(width - has, ' ') : text;
}

std::string short_name(std::string_view name) {
  return printable(name, name_bytes_max);
}

/// The first where the terminal shows it, else the second.
std::string_view glyph(const Terminal& terminal, std::string_view utf8, std::string_view ascii) {
  return terminal.is_utf8 ? utf8 : ascii;
}

std::string link_text(const Link& link, const Terminal& terminal) {
  const std::string dot{glyph(terminal, "●", "*")};
  if (link.is_connected) {
    return painted(green, dot + " live");
  }
  const std::string why = link.problem.empty() ? std::string{} : ": " + printable(link.problem);
  if (link.state == ConnectionState::closed) {
    return painted(why.empty() ? faint : red, dot + " closed" + why);
  }
  return painted(yellow, dot + (link.was_connected ? " reconnecting" : " connecting") + why);
}

std::string_view colour_of(std::string_view status, const Workflow& workflow) {
  switch (workflow.kind_of(status)) {
    case StatusKind::final:
      return green;
    case StatusKind::failed:
      return red;
    case StatusKind::open:
      break;
  }
  return cyan;
}

std::string bar(const Progress& progress, std::size_t width, std::string_view colour,
                const Terminal& terminal) {
  const std::size_t full =
      std::min(progress.stages_done, progress.stages_total) * width / progress.stages_total;
  std::string done;
  std::string rest;
  for (std::size_t cell = 0; cell < width; ++cell) {
    (cell < full ? done : rest)
        .append(cell < full ? glyph(terminal, "█", "#") : glyph(terminal, "░", "-"));
  }
  return painted(colour, done) + painted(faint, rest);
}

std::string progress_text(const Progress& progress) {
  return std::to_string(progress.stages_done) + " of " + std::to_string(progress.stages_total);
}

/// Since the first stage began; it stands still once the instance has ended.
Duration time_of(const RegistrationView& view, const Terminal& terminal) {
  RegistrationView now = view;
  now.timestamp_ms = is_running(view) ? terminal.now_ms : view.timestamp_ms;
  return total_time(now);
}

struct StageRow {
  std::string title;
  const StageView* stage = nullptr;  ///< Null: it has not been heard of.
};

/// The stages that the workflow declares, then the others in the order in which they appeared.
std::vector<StageRow> stage_rows(const RegistrationView& view, const Workflow& workflow) {
  const auto find = [&view](std::string_view name) -> const StageView* {
    const auto found = std::find_if(view.stages.begin(), view.stages.end(),
                                    [name](const StageView& stage) { return stage.name == name; });
    return found == view.stages.end() ? nullptr : &*found;
  };
  std::vector<StageRow> rows;
  for (const WorkflowStage& declared : workflow.stages) {
    rows.push_back(
        {short_name(declared.title.empty() ? declared.name : declared.title), find(declared.name)});
  }
  for (const StageView& stage : view.stages) {
    if (!workflow.has_stage(stage.name)) {
      rows.push_back({short_name(stage.name), &stage});
    }
  }
  return rows;
}

std::string mark_of(const StageView* stage, const Terminal& terminal) {
  if (stage == nullptr) {
    return painted(faint, glyph(terminal, "○", "."));
  }
  switch (stage->status) {
    case StageStatus::started:
      return painted(cyan, glyph(terminal, "▶", ">"));
    case StageStatus::completed:
      return painted(green, glyph(terminal, "✓", "+"));
    case StageStatus::failed:
      return painted(red, glyph(terminal, "✗", "x"));
    case StageStatus::skipped:
      break;
  }
  return painted(faint, glyph(terminal, "–", "-"));
}

std::string line_of_stage(const StageRow& row, std::size_t title_width, const Terminal& terminal) {
  std::string line = mark_of(row.stage, terminal) + " ";
  if (row.stage == nullptr) {
    return line + painted(faint, row.title);
  }
  const StageView& stage = *row.stage;
  const std::int64_t began_ms = stage.started_timestamp_ms;
  const std::string clock = began_ms > 0 ? clock_text(began_ms, terminal.utc_offset) : "";
  const Duration time = stage_time(stage, terminal.now_ms);
  const bool has_time =
      began_ms > 0 && (stage.status == StageStatus::started || stage.ended_timestamp_ms > 0);
  line += padded(row.title, title_width) + "  " + painted(faint, padded(clock, 8)) + "  " +
          padded(has_time ? duration_text(time) : "", 8) + "  " + printable(stage.message);
  return line;
}

std::string line_of_gap(const Link& link) {
  return painted(yellow, "! Updates may have been missed (resets: " + std::to_string(link.resets) +
                             "). The next snapshot or validation is complete again.");
}

/// No more lines than the terminal shows beside the cursor's own; otherwise the last one says how
/// many are missing.
Frame fitting(Frame frame, const Terminal& terminal) {
  const std::size_t room = std::max<std::size_t>(terminal.rows, 3) - 1;
  if (frame.size() > room) {
    const std::size_t missing = frame.size() - room + 1;
    frame.resize(room - 1);
    frame.push_back(painted(faint, "  " + std::to_string(missing) + " more"));
  }
  return frame;
}

/// What runs now and for how long, or how long all of it took.
std::string stage_text(const RegistrationView& view, const Terminal& terminal) {
  for (const StageView& stage : view.stages) {
    if (stage.status == StageStatus::started) {
      return short_name(stage.name) + " " + duration_text(stage_time(stage, terminal.now_ms));
    }
  }
  const Duration total = total_time(view);
  return total > Duration::zero() ? duration_text(total) : "";
}

}  // namespace

bool is_running(const RegistrationView& view) {
  return std::any_of(view.stages.begin(), view.stages.end(),
                     [](const StageView& stage) { return stage.status == StageStatus::started; });
}

bool is_any_running(const Instances& instances) {
  const auto& all = instances.latest_first();
  return std::any_of(all.begin(), all.end(),
                     [](const Registration& instance) { return is_running(instance.view()); });
}

Frame frame_of_one(const RegistrationView& view, const Workflow& workflow, const Link& link,
                   const Terminal& terminal) {
  const std::string_view colour = colour_of(view.status, workflow);
  Frame frame;
  frame.push_back(painted(bold, printable(workflow.name) + " " + name_of(view)) + "  " +
                  painted(colour, view.status.empty() ? "unknown" : short_name(view.status)) +
                  "  " + link_text(link, terminal));
  const Progress progress = progress_of(view, workflow);
  const Duration time = time_of(view, terminal);
  frame.push_back(bar(progress, bar_width, colour, terminal) + "  " + progress_text(progress) +
                  (time > Duration::zero() ? "  " + duration_text(time) : ""));
  const std::vector<StageRow> rows = stage_rows(view, workflow);
  std::size_t title_width = 0;
  for (const StageRow& row : rows) {
    title_width = std::max(title_width, width_of(row.title));
  }
  for (const StageRow& row : rows) {
    frame.push_back(line_of_stage(row, title_width, terminal));
  }
  if (view.has_gap) {
    frame.push_back(line_of_gap(link));
  }
  frame.push_back(printable(view.message));
  return fitting(std::move(frame), terminal);
}

Frame frame_of_all(const Instances& instances, const Workflow& workflow, const Link& link,
                   const Terminal& terminal) {
  Frame frame;
  frame.push_back(painted(bold, printable(workflow.name)) + "  moved so far: " +
                  std::to_string(instances.moved_count()) + "  " + link_text(link, terminal));
  if (link.resets > 0) {
    frame.push_back(line_of_gap(link));
  }
  std::size_t name_width = 0;
  std::size_t status_width = 0;
  for (const Registration& instance : instances.latest_first()) {
    name_width = std::max(name_width, width_of(name_of(instance.view())));
    status_width = std::max(status_width, width_of(short_name(instance.view().status)));
  }
  for (const Registration& instance : instances.latest_first()) {
    const RegistrationView& view = instance.view();
    const std::string_view colour = colour_of(view.status, workflow);
    const Progress progress = progress_of(view, workflow);
    frame.push_back(padded(name_of(view), name_width) + "  " +
                    painted(colour, padded(short_name(view.status), status_width)) + "  " +
                    bar(progress, short_bar_width, colour, terminal) + "  " +
                    progress_text(progress) + (view.has_gap ? painted(yellow, "!") : " ") + "  " +
                    padded(stage_text(view, terminal), 28) + "  " + printable(view.message));
  }
  return fitting(std::move(frame), terminal);
}

std::string text_of_frame(const Frame& frame, std::size_t lines_before) {
  std::string text;
  if (lines_before > 0) {
    text.append("\x1b[").append(std::to_string(lines_before)).append("A");
  }
  // Autowrap is off meanwhile (DECAWM): a line that wrapped would move all below it.
  text.append("\x1b[?7l");
  for (const std::string& line : frame) {
    text.append("\r").append(line).append("\x1b[K\n");
  }
  return text.append("\x1b[J\x1b[?7h");
}

}  // namespace regstream::watch
