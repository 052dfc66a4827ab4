#include "hub/lease.hpp"

#include <algorithm>

namespace regstream::hub {

namespace {

// A thousand years: no stream lasts longer, and no sum of such times overflows.
constexpr std::int64_t time_left_max_ms = 1'000LL * 365 * 24 * 3'600'000;

}  // namespace

Lease make_lease(std::int64_t expires_timestamp_ms, Duration leeway, std::uint64_t key,
                 const Moment& opened) {
  // Neither bound can overflow: the clock's own reading is no extreme number.
  const std::int64_t soonest = opened.timestamp_ms - time_left_max_ms;
  const std::int64_t latest = opened.timestamp_ms + time_left_max_ms;
  const Duration left{std::clamp(expires_timestamp_ms, soonest, latest) - opened.timestamp_ms};
  const Instant expires_at = opened.now + left;
  const Duration warning = std::clamp(left / 2, Duration::zero(), expiry_warning);
  return {.warns_at = expires_at - warning,
          .ends_at = expires_at + leeway,
          .expires_at = expires_at,
          .key = key};
}

}  // namespace regstream::hub
