#pragma once

#include <cstdint>

#include <regstream/time.hpp>

#include "hub/moment.hpp"

namespace regstream::hub {

/// How long a stream may go on: as long as the token that has opened it.
struct Lease {
  Instant warns_at{};    ///< Its client is told (`token_expiring`), once.
  Instant ends_at{};     ///< The stream ends: the token has expired, and the leeway is over.
  Instant expires_at{};  ///< When the token expires; what its client is told.
  /// Names the key that the token was verified by (`StreamPump::withdraw`).
  std::uint64_t key = 0;
};

/// A client is told so long before its token expires, or at half of the time that was left when the
/// stream opened, where that is shorter.
inline constexpr Duration expiry_warning{60'000};

/// The lease of a stream that opens at `opened`. `expires_timestamp_ms` is the token's `exp` (RFC
/// 7519, 4.1.4), any number; `leeway` is what clocks may differ by.
[[nodiscard]] Lease make_lease(std::int64_t expires_timestamp_ms, Duration leeway,
                               std::uint64_t key, const Moment& opened);

}  // namespace regstream::hub
