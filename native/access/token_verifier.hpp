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

/// No key that counts may have signed the token. It may be a new key's.
struct UnknownKey {};

/// Tells what a token allows. Nothing that a token says is read before its signature is verified,
/// but its header.
class TokenVerifier {
 public:
  using Verdict = std::variant<GrantPtr, UnknownKey, TokenError>;

  /// `workflows` are those that this gateway serves.
  TokenVerifier(TokenRules rules, std::vector<Workflow> workflows, const RandomBytes& random);

  /// `now_timestamp_ms` is the wall clock's.
  [[nodiscard]] Verdict verify(std::string_view token, const KeySet& keys,
                               std::int64_t now_timestamp_ms) const;

 private:
  [[nodiscard]] Verdict read(const CompactToken& token, std::uint64_t key,
                             std::int64_t now_timestamp_ms) const;

  const TokenRules rules_;
  const std::vector<Workflow> workflows_;
  const std::string name_key_;  // Random, so that a token's name says nothing of it.
};

}  // namespace regstream::access
