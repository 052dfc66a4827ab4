#pragma once

#include <cstddef>

namespace regstream::access {

/// What whoever sends tokens, publishes keys or asks for tickets can make grow.
struct AccessLimits {
  /// Of a token as sent. A hundred ids of two workflows fit; so do most servers' header lines.
  std::size_t token_bytes_max = 8U << 10U;
  /// Containers in containers, of a token's parts and of a JWKS. Ours have three.
  std::size_t json_depth_max = 8;
  /// Of the same: each costs some fifty bytes while it is read. 64 keys have a thousand.
  std::size_t json_values_max = 10'000;
  /// Of one workflow and one right; as many as one stream has.
  std::size_t ids_max = 100;
  /// How long a `kid` may be: it is compared with each key's.
  std::size_t key_id_bytes_max = 256;
  /// Of a file with a key, and of a JWKS.
  std::size_t key_file_bytes_max = 1U << 20U;
  std::size_t secret_bytes_max = 4U << 10U;
  /// Of one JWKS.
  std::size_t keys_max = 64;
  /// Keys that one token is tried with: each costs a verification.
  std::size_t candidates_max = 4;
  /// Requests that wait for keys that are being fetched.
  std::size_t waiting_max = 1000;
  /// Unused tickets of the embedded broker.
  std::size_t tickets_max = 10'000;
  std::size_t tickets_bytes_max = 16U << 20U;
  /// Tickets that one token gets in thirty seconds, and that all get together: Redis keeps each of
  /// them as long.
  std::size_t tickets_of_token_max = 300;
  std::size_t tickets_issued_max = 30'000;
};

inline constexpr AccessLimits access_limits{};

}  // namespace regstream::access
