#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "broker/redis_failure.hpp"

namespace regstream::broker {

/// What the operator reads of Redis being away, or taking no updates: one line a kind of trouble,
/// however often it is tried, and one when it is over.
class OutageLog {
 public:
  explicit OutageLog(std::string address) : address_(std::move(address)) {}

  void failed(const RedisFailure& failure);
  /// Connected, for the first time or after a failure that was said; otherwise nothing is said.
  /// `waiting`: publishes that are sent now.
  void back(std::size_t waiting);
  /// Connected, but a call was refused; `passing` or not.
  void refusing(const RedisFailure& failure);
  /// It does what it is asked to again.
  void taking(std::size_t waiting);
  /// `count` publishes were sent, and it is too late to send them again under their keys.
  void unknown(std::size_t count) const;
  /// A publish failed for good. Said for the first, the second, the fourth, …: it may be all of
  /// them.
  void refused(const std::string& what);
  /// Messages that somebody published on the channel, and that are not taken in, `count` so far. At
  /// most one line of each in ten seconds.
  static void forged(std::uint64_t count);
  static void overflowing(std::uint64_t count);

 private:
  std::string address_;
  std::uint32_t said_ = 0;  // Bits: the kinds of failure that this outage's lines have named.
  bool is_new_ = true;      // Nobody was told of a connection yet.
  bool is_refusing_ = false;
  std::set<std::string, std::less<>> refusals_said_;  // Codes, of this phase of refusals.
  std::uint64_t refused_ = 0;
};

}  // namespace regstream::broker
