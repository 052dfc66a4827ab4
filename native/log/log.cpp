#include "log/log.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include <spdlog/spdlog.h>

#include "log/printable.hpp"

namespace regstream::logging {
namespace {

// Longer than any of our own sentences. Quoted text may be cut.
constexpr std::size_t line_bytes_max = 1'000;

std::atomic<Format> process_format = Format::text;
std::atomic<bool> process_names_workflows = false;

struct ProcessLimit {
  std::mutex mutex;
  LineLimit limit;
};

ProcessLimit& process_limit() {
  static ProcessLimit only;
  return only;
}

Instant now() {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::optional<std::uint64_t> admit(Condition condition) {
  ProcessLimit& process = process_limit();
  const std::lock_guard lock(process.mutex);
  return process.limit.admit(condition, now());
}

}  // namespace

bool write(Level level, Condition condition, std::string_view line) {
  if (!spdlog::should_log(to_spdlog(level))) {
    return false;
  }
  const std::optional<std::uint64_t> held_back = admit(condition);
  if (!held_back) {
    return false;
  }
  const std::string_view workflow = condition.workflow();
  std::string text;
  if (!workflow.empty() && format() == Format::text && process_names_workflows) {
    text.append(workflow).append(": ");
  }
  text += printable(line, line_bytes_max);
  if (*held_back > 0) {
    text += fmt::format(" (and {} more like this one since the last)", *held_back);
  }
  const Field name{.name = "workflow", .value = workflow};
  const Fields fields = workflow.empty() || format() == Format::text ? Fields() : Fields(&name, 1);
  spdlog::log(to_spdlog(level), "{}", compose(format(), condition.name(), text, fields));
  return true;
}

void record(std::string_view event, std::initializer_list<Field> fields) {
  if (spdlog::should_log(spdlog::level::info)) {
    spdlog::info("{}", compose(format(), event, event, Fields(fields.begin(), fields.size())));
  }
}

void set_format(Format format) {
  process_format = format;
  spdlog::set_pattern(pattern_of(format));
}

Format format() {
  return process_format;
}

void set_names_workflows(bool names_workflows) {
  process_names_workflows = names_workflows;
}

void set_level(Level level) {
  spdlog::set_level(to_spdlog(level));
}

void forget_lines() {
  ProcessLimit& process = process_limit();
  const std::lock_guard lock(process.mutex);
  process.limit = {};
}

}  // namespace regstream::logging
