#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <regstream/workflow/workflow.hpp>

#include "access/claims.hpp"
#include "access/digest.hpp"
#include "access/grant.hpp"
#include "access/key_set.hpp"

namespace regstream::access {

/// None of the current keys can have signed the token. A new key may have.
struct UnknownKey {};

/// Decides what a token allows. Only the header is read before the signature is verified.
class TokenVerifier {
 public:
  using Verdict = std::variant<GrantPtr, UnknownKey, TokenError>;

  /// `workflows` are those that this gateway serves.
  TokenVerifier(TokenRules rules, std::vector<Workflow> workflows, const RandomBytes& random);

  /// `now_timestamp_ms` is the wall clock's time.
  [[nodiscard]] Verdict verify(std::string_view token, const KeySet& keys,
                               std::int64_t now_timestamp_ms) const;

 private:
  [[nodiscard]] Verdict read(const CompactToken& token, std::uint64_t key,
                             std::int64_t now_timestamp_ms) const;

  const TokenRules rules_;
  const std::vector<Workflow> workflows_;
  const std::string name_key_;  // Random, so that a token's name reveals nothing about it.
};

}  // namespace regstream::access
