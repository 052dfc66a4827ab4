#include "watch/times.hpp"

#include <algorithm>
#include <chrono>

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

namespace regstream::watch {
namespace {

/// The year 9999 ends with it. The contract allows later times, which no calendar here can write.
constexpr std::int64_t timestamp_ms_max = 253'402'300'799'999;

Duration between(std::int64_t begin_ms, std::int64_t end_ms) {
  return begin_ms == 0 || end_ms == 0 ? Duration::zero()
                                      : std::max(Duration{end_ms - begin_ms}, Duration::zero());
}

std::tm calendar(std::int64_t timestamp_ms) {
  return fmt::gmtime(static_cast<std::time_t>(timestamp_ms / 1'000));
}

}  // namespace

std::string utc_text(std::int64_t timestamp_ms) {
  const std::int64_t bounded = std::clamp<std::int64_t>(timestamp_ms, 0, timestamp_ms_max);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", calendar(bounded), bounded % 1'000);
}

std::string clock_text(std::int64_t timestamp_ms, Duration utc_offset) {
  const std::int64_t bounded = std::clamp<std::int64_t>(timestamp_ms, 0, timestamp_ms_max);
  return fmt::format("{:%H:%M:%S}",
                     calendar(std::max<std::int64_t>(bounded + utc_offset.count(), 0)));
}

Duration total_time(const RegistrationView& view) {
  std::int64_t begin_ms = 0;
  for (const StageView& stage : view.stages) {
    const std::int64_t started_ms = stage.started_timestamp_ms;
    if (started_ms != 0 && (begin_ms == 0 || started_ms < begin_ms)) {
      begin_ms = started_ms;
    }
  }
  return between(begin_ms, view.timestamp_ms);
}

Duration stage_time(const StageView& stage, std::int64_t now_ms) {
  const bool is_running = stage.status == StageStatus::started;
  return between(stage.started_timestamp_ms, is_running ? now_ms : stage.ended_timestamp_ms);
}

}  // namespace regstream::watch
