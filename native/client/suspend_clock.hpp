#pragma once

#include <ctime>

#include <algorithm>
#include <chrono>

#include <boost/asio/basic_waitable_timer.hpp>

namespace regstream::client {

/// A monotonic clock that includes the time that the machine sleeps, if the system has one (Linux).
/// A stream that was silent for a night must look like that.
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

/// A timer on that clock. The system's timers stop during sleep, so this one looks at the clock
/// every few seconds. After a sleep it is late by at most that.
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
