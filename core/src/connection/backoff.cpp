#include <regstream/connection/backoff.hpp>

#include <algorithm>
#include <limits>

namespace regstream {
namespace {

/// min(cap, base * 2^attempts), without overflow.
Duration spread(const BackoffOptions& options, std::uint32_t attempts) {
  const Duration cap = std::max(options.cap, Duration::zero());
  Duration spread = std::clamp(options.base, Duration::zero(), cap);
  for (; attempts > 0 && spread < cap && spread > Duration::zero(); --attempts) {
    spread = spread > cap / 2 ? cap : spread * 2;
  }
  return spread;
}

}  // namespace

Backoff::Backoff(BackoffOptions options, std::uint64_t seed) : options_(options), random_(seed) {}

Duration Backoff::next_delay(Duration floor) {
  const Duration most = spread(options_, attempts_);
  if (attempts_ < std::numeric_limits<std::uint32_t>::max()) {
    ++attempts_;
  }
  const Duration jitter = random_part(most);
  const Duration above = std::max(floor, Duration::zero());
  return above > Duration::max() - jitter ? Duration::max() : above + jitter;
}

Duration Backoff::random_part(Duration most) {
  return Duration{static_cast<Duration::rep>(
      random_.up_to(static_cast<std::uint64_t>(std::max(most, Duration::zero()).count())))};
}

}  // namespace regstream
