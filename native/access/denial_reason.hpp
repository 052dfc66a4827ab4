#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace regstream::access {

/// Why a request's credentials are not accepted, or can't be judged.
enum class DenialReason : std::uint8_t {
  no_token,             ///< No token and no ticket.
  bad_request,          ///< Several credentials, one in a wrong place, or `Bearer` without a token.
  malformed,            ///< Not a signed JWT as we accept it, by structure and header.
  unknown_key,          ///< Signed by an unknown key.
  ambiguous_key,        ///< More keys may have signed it than are checked.
  wrong_algorithm,      ///< Not the algorithm of the key that it names.
  bad_signature,        ///< It names a known key, and its signature is wrong.
  invalid_claims,       ///< Without `exp`, or with malformed claims.
  expired,              ///< `exp` and the leeway have passed.
  not_yet_valid,        ///< `nbf` or `iat`, with the leeway, is in the future.
  wrong_issuer,         ///< Another `iss`.
  wrong_audience,       ///< Another `aud`.
  invalid_ticket,       ///< Unknown, too old, or used before.
  keys_unavailable,     ///< Its key may be one that could not be fetched.
  tickets_unavailable,  ///< The store of tickets is away, or full.
};

/// Their names in `/metrics`.
inline constexpr std::array<std::string_view, 15> denial_reason_names{
    "no_token",       "bad_request",      "malformed",          "unknown_key",
    "ambiguous_key",  "wrong_algorithm",  "bad_signature",      "invalid_claims",
    "expired",        "not_yet_valid",    "wrong_issuer",       "wrong_audience",
    "invalid_ticket", "keys_unavailable", "tickets_unavailable"};

/// How many requests were denied, by reason.
class DenialCounts {
 public:
  void add(DenialReason reason) { ++counts_[static_cast<std::size_t>(reason)]; }
  DenialCounts& operator+=(const DenialCounts& other) {
    for (std::size_t reason = 0; reason < counts_.size(); ++reason) {
      counts_[reason] += other.counts_[reason];
    }
    return *this;
  }
  [[nodiscard]] std::uint64_t of(DenialReason reason) const {
    return counts_[static_cast<std::size_t>(reason)];
  }

 private:
  std::array<std::uint64_t, denial_reason_names.size()> counts_{};
};

}  // namespace regstream::access
