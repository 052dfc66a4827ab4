#include "log/log.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include <spdlog/spdlog.h>

#include "log/printable.hpp"

namespace regstream::logging {
namespace {

// Longer than any sentence of ours; what a line quotes of others need not be whole.
constexpr std::size_t line_bytes_max = 1'000;

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
  const std::optional<std::uint64_t> held_back = admit(condition);
  if (!held_back) {
    return false;
  }
  const std::string text = printable(line, line_bytes_max);
  if (*held_back == 0) {
    spdlog::log(to_spdlog(level), "{}", text);
  } else {
    spdlog::log(to_spdlog(level), "{} (and {} more like this one since the last)", text,
                *held_back);
  }
  return true;
}

void forget_lines() {
  ProcessLimit& process = process_limit();
  const std::lock_guard lock(process.mutex);
  process.limit = {};
}

}  // namespace regstream::logging
