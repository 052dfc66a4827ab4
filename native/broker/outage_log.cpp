#include "broker/outage_log.hpp"

#include <bit>
#include <string_view>

#include <spdlog/spdlog.h>

#include "log/log.hpp"

namespace regstream::broker {
namespace {

std::string waited(std::size_t count) {
  return count == 0 ? "" : " (updates that waited for it: " + std::to_string(count) + ")";
}

std::uint32_t bit(RedisFailureKind kind) {
  return 1U << static_cast<unsigned>(kind);
}

}  // namespace

void OutageLog::failed(const RedisFailure& failure) {
  if (failure.kind == RedisFailureKind::renewed) {
    return;  // That was this process's own wish.
  }
  const bool is_new = failure.passing != nullptr
                          ? refusals_said_.emplace(failure.passing->code).second
                          : (said_ & bit(failure.kind)) == 0;
  if (is_new) {
    said_ |= bit(failure.kind);
    spdlog::warn("{}; retrying until it is back", failure.what);
  }
}

void OutageLog::back(std::size_t waiting) {
  if (is_refusing_) {
    said_ &= ~bit(RedisFailureKind::passing);  // `taking` says the end of that.
  } else {
    refusals_said_.clear();
  }
  const bool is_first = std::exchange(is_new_, false);
  if (std::exchange(said_, 0U) != 0 || is_first) {
    spdlog::info("connected to redis at {}{}", address_, waited(waiting));
  }
}

void OutageLog::refusing(const RedisFailure& failure) {
  is_refusing_ = true;
  const auto code = failure.passing != nullptr ? failure.passing->code : std::string_view{};
  if (refusals_said_.emplace(code).second) {
    spdlog::warn("{}; what waits is tried again until it does", failure.what);
  }
}

void OutageLog::taking(std::size_t waiting) {
  refusals_said_.clear();
  said_ &= ~bit(RedisFailureKind::passing);
  if (std::exchange(is_refusing_, false)) {
    spdlog::info("redis at {} takes updates again{}", address_, waited(waiting));
  }
}

void OutageLog::unknown(std::size_t count) const {
  spdlog::warn(
      "redis at {} did not acknowledge what it was sent (updates: {}), and was away for too long "
      "to "
      "be sent it again: whether subscribers heard it is not known",
      address_, count);
}

void OutageLog::refused(const std::string& what) {
  ++refused_;
  if (std::has_single_bit(refused_)) {
    spdlog::error("an update was not published: {} ({} so far)", what, refused_);
  }
}

void OutageLog::forged(std::uint64_t count) {
  logging::warn(
      "message forged",
      "a message on the channel has the id of another update, and was skipped ({} so far)", count);
}

void OutageLog::overflowing(std::uint64_t count) {
  logging::error("messages overflowing",
                 "a message on the channel was dropped, since too many wait to be taken into the "
                 "history ({} so far)",
                 count);
}

}  // namespace regstream::broker
