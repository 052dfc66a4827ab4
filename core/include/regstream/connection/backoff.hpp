#pragma once

#include <cstdint>

#include <regstream/random.hpp>
#include <regstream/time.hpp>

namespace regstream {

struct BackoffOptions {
  Duration base{1'000};  ///< The first retry waits up to this long above the floor.
  Duration cap{10'000};  ///< No retry waits longer than this above the floor.
};

/// Exponential backoff with full jitter (Brooker, "Exponential Backoff and Jitter", AWS
/// Architecture Blog, 2015) above a floor. The n-th delay is floor + uniform(0, min(cap, base *
/// 2^n)).
class Backoff {
 public:
  Backoff(BackoffOptions options, std::uint64_t seed);

  /// Returns the next delay. `floor` is the server's reconnection time.
  [[nodiscard]] Duration next_delay(Duration floor);

  /// Returns a random duration from 0 to `most`, so that clients spread out.
  [[nodiscard]] Duration random_part(Duration most);

  /// The number of delays since the last `reset`.
  [[nodiscard]] std::uint32_t attempts() const { return attempts_; }

  /// Call this when the connection is stable: the next delay is a first one again.
  void reset() { attempts_ = 0; }

 private:
  BackoffOptions options_;
  Random random_;
  std::uint32_t attempts_ = 0;
};

}  // namespace regstream
