#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace regstream::access {

/// Why a request's credentials don't count, or can't be judged.
enum class DenialReason : std::uint8_t {
  no_token,             ///< Nor a ticket.
  bad_request,          ///< Several of them, one where it can't stand, or `Bearer` without a token.
  malformed,            ///< No signed JWT of ours, by its shape and header.
  unknown_key,          ///< Of no key that counts.
  ambiguous_key,        ///< It may be of more keys than are tried.
  wrong_algorithm,      ///< Not that of the key which it names.
  bad_signature,        ///< Of a key that counts, by what it says, and not signed by it.
  invalid_claims,       ///< Without `exp`, or with claims of a form that is not theirs.
  expired,              ///< By `exp` and the leeway.
  not_yet_valid,        ///< By `nbf` or `iat`, and the leeway.
  wrong_issuer,         ///< By `iss`.
  wrong_audience,       ///< By `aud`.
  invalid_ticket,       ///< Unknown, too old or used.
  keys_unavailable,     ///< It may be of a key that could not be fetched.
  tickets_unavailable,  ///< Their store can't be asked, or is full.
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
