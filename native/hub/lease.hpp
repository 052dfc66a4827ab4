#pragma once

#include <cstdint>

#include <regstream/time.hpp>

#include "hub/moment.hpp"

namespace regstream::hub {

/// How long a stream may stay open: as long as the token that opened it.
struct Lease {
  Instant warns_at{};    ///< The client is warned (`token_expiring`), once.
  Instant ends_at{};     ///< The stream ends: the token has expired, and so has the leeway.
  Instant expires_at{};  ///< When the token expires; the client is told this time.
  /// Identifies the key that verified the token (`StreamPump::withdraw`).
  std::uint64_t key = 0;
};

/// A client is warned this long before its token expires, or after half of the remaining time if
/// that is less.
inline constexpr Duration expiry_warning{60'000};

/// The lease of a stream that opens at `opened`. `expires_timestamp_ms` is the token's `exp` (RFC
/// 7519, 4.1.4) in milliseconds, any number. `leeway` is how much clocks may differ.
[[nodiscard]] Lease make_lease(std::int64_t expires_timestamp_ms, Duration leeway,
                               std::uint64_t key, const Moment& opened);

}  // namespace regstream::hub
