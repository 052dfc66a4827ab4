#pragma once

#include <ctime>

#include <algorithm>
#include <chrono>

#include <boost/asio/basic_waitable_timer.hpp>

namespace regstream::client {

/// A clock that never goes back, and goes on while the machine sleeps where the system has one
/// (Linux): a stream that was silent for a night has to look like that.
struct SuspendClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SuspendClock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept {
#ifdef CLOCK_BOOTTIME
    constexpr clockid_t clock = CLOCK_BOOTTIME;
#else
    constexpr clockid_t clock = CLOCK_MONOTONIC;
#endif
    timespec time{};
    ::clock_gettime(clock, &time);
    return time_point{std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}};
  }
};

/// The system's timers stop while it sleeps: this one looks at the clock again every few seconds,
/// so that it is not later than that after a sleep.
struct SuspendWait {
  static constexpr SuspendClock::duration longest = std::chrono::seconds{5};

  static SuspendClock::duration to_wait_duration(const SuspendClock::duration& wait) {
    return std::min(wait, longest);
  }
  static SuspendClock::duration to_wait_duration(const SuspendClock::time_point& due) {
    return to_wait_duration(due - SuspendClock::now());
  }
};

using SuspendTimer = boost::asio::basic_waitable_timer<SuspendClock, SuspendWait>;

}  // namespace regstream::client
