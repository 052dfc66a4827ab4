#pragma once

#include <cstddef>

namespace regstream::access {

/// Limits for everything that senders of tokens, publishers of keys and requests for tickets can
/// make grow.
struct AccessLimits {
  /// A token, as sent. A hundred ids of two workflows fit, and most servers allow such header
  /// lines.
  std::size_t token_bytes_max = 8U << 10U;
  /// Nesting of the JSON of a token's parts and of a JWKS. Ours have three levels.
  std::size_t json_depth_max = 8;
  /// Values in this JSON: each costs some fifty bytes while it is read. 64 keys have a thousand.
  std::size_t json_values_max = 10'000;
  /// Ids of one workflow for one right: as many as one stream may follow.
  std::size_t ids_max = 100;
  /// The length of a `kid`, which is compared with each key's.
  std::size_t key_id_bytes_max = 256;
  /// A key file, or a JWKS.
  std::size_t key_file_bytes_max = 1U << 20U;
  std::size_t secret_bytes_max = 4U << 10U;
  /// Keys of one JWKS.
  std::size_t keys_max = 64;
  /// Keys that one token is checked against: each costs a verification.
  std::size_t candidates_max = 4;
  /// Requests that wait while keys are fetched.
  std::size_t waiting_max = 1000;
  /// Unused tickets at the embedded broker.
  std::size_t tickets_max = 10'000;
  std::size_t tickets_bytes_max = 16U << 20U;
  /// Tickets for one token within thirty seconds, and for all tokens together: Redis keeps each
  /// ticket for as long.
  std::size_t tickets_of_token_max = 300;
  std::size_t tickets_issued_max = 30'000;
};

inline constexpr AccessLimits access_limits{};

}  // namespace regstream::access
