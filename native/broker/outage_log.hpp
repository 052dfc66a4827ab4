#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "broker/redis_failure.hpp"

namespace regstream::broker {

/// What the operator reads of Redis being away: one line a kind of trouble, however often it is
/// tried, and one when it is back.
class OutageLog {
 public:
  explicit OutageLog(std::string address) : address_(std::move(address)) {}

  void failed(const RedisFailure& failure);
  /// `waiting`: publishes that are sent now.
  void back(std::size_t waiting);
  /// `count` publishes were sent, and it is too late to send them again under their keys.
  void unknown(std::size_t count) const;
  /// A publish failed for good. Said for the first, the second, the fourth, …: it may be all of
  /// them.
  void refused(const std::string& what);
  /// Messages that somebody published on the channel, and that are not taken in, `count` so far.
  /// Said as rarely.
  static void malformed(std::uint64_t count);
  static void forged(std::uint64_t count);
  static void dropped(std::uint64_t count);

 private:
  std::string address_;
  std::uint32_t said_ = 0;  // Bits: the kinds of failure that this outage's lines have named.
  std::uint64_t refused_ = 0;
};

}  // namespace regstream::broker
