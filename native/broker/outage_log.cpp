#include "broker/outage_log.hpp"

#include <bit>

#include <spdlog/spdlog.h>

namespace regstream::broker {

void OutageLog::failed(const RedisFailure& failure) {
  const auto bit = 1U << static_cast<unsigned>(failure.kind);
  if ((said_ & bit) == 0) {
    said_ |= bit;
    spdlog::warn("{}; retrying until it is back", failure.what);
  }
}

void OutageLog::back(std::size_t waiting) {
  said_ = 0;
  if (waiting == 0) {
    spdlog::info("connected to redis at {}", address_);
  } else {
    spdlog::info("connected to redis at {} (updates that waited for it: {})", address_, waiting);
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

void OutageLog::malformed(std::uint64_t count) {
  if (std::has_single_bit(count)) {
    spdlog::warn("a message on the channel is no update, and was skipped ({} so far)", count);
  }
}

void OutageLog::forged(std::uint64_t count) {
  if (std::has_single_bit(count)) {
    spdlog::warn(
        "a message on the channel has the id of another update, and was skipped ({} so far)",
        count);
  }
}

void OutageLog::dropped(std::uint64_t count) {
  if (std::has_single_bit(count)) {
    spdlog::error(
        "a message on the channel was dropped, since too many wait to be taken into the history "
        "({} so far)",
        count);
  }
}

}  // namespace regstream::broker
