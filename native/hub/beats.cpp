#include "hub/beats.hpp"

#include <algorithm>

namespace regstream::hub {

namespace {

struct Division {
  std::int64_t quotient;
  std::int64_t rest;  // Not negative.
};

Division divide(std::int64_t number, std::int64_t by) {
  const std::int64_t rest = (number % by + by) % by;
  return {.quotient = (number - rest) / by, .rest = rest};
}

// Rounded up. Both numbers are at least 1.
std::int64_t beats_of_ping(Duration heartbeat_interval, Duration ping_interval) {
  const std::int64_t heartbeat = std::max<std::int64_t>(heartbeat_interval.count(), 1);
  return std::max<std::int64_t>((2 * ping_interval.count() + heartbeat - 1) / heartbeat, 1);
}

}  // namespace

Beats::Beats(Duration heartbeat_interval, Duration ping_interval)
    : period_(std::max(ping_interval / beats_of_ping(heartbeat_interval, ping_interval),
                       Duration{1})) {}

Instant Beats::next(std::size_t slots) const {
  const auto [round, phase] = divide(next_, phases_signed);
  const bool is_taken = static_cast<std::size_t>(phase) < slots;
  return due(is_taken ? next_ : (round + 1) * phases_signed);
}

std::optional<Beats::Beat> Beats::poll(Instant now) {
  next_ = std::max(next_, first_after(now) - phases_signed);
  const Instant time = due(next_);
  if (time > now) {
    return std::nullopt;
  }
  return Beat{.due = time, .phase = static_cast<std::size_t>(divide(next_++, phases_signed).rest)};
}

// The first index whose `due` is above `time`.
Beats::Index Beats::first_after(Instant time) const {
  const auto [round, offset] = divide(time.time_since_epoch().count(), period_.count());
  const Index phase = ((offset + 1) * phases_signed + period_.count() - 1) / period_.count();
  return round * phases_signed + phase;
}

Instant Beats::due(Index index) const {
  const auto [round, phase] = divide(index, phases_signed);
  return Instant(round * period_ + phase * period_ / phases_signed);
}

}  // namespace regstream::hub
