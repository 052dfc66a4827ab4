#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <regstream/time.hpp>
#include <regstream/workflow/workflow.hpp>

#include "access/compact_token.hpp"
#include "access/grant.hpp"

/// Reads a token's claims. Call this only after its signature was verified.
namespace regstream::access {

/// What a token must claim.
struct TokenRules {
  static constexpr Duration leeway_max{120'000};

  std::string issuer = {};    ///< The required `iss`. Empty: any or none.
  std::string audience = {};  ///< The required `aud`, or one of several. Empty: any or none.
  /// How much the issuer's clock may differ from ours. At most `leeway_max`.
  Duration leeway{30'000};
};

/// Reads `exp`, `nbf`, `iat`, `iss` and `aud` (RFC 7519, 4.1), and sets the grant's times. `exp` is
/// required. A token is valid from `nbf` until `exp`, plus the leeway on both sides. A token issued
/// in the future, beyond the leeway, is refused: one of the clocks is wrong. Times may have
/// fractions, and must be before the year 10000, which catches milliseconds.
[[nodiscard]] std::optional<TokenError> read_registered_claims(const nlohmann::json& payload,
                                                               const TokenRules& rules,
                                                               std::int64_t now_timestamp_ms,
                                                               Grant& grant);

/// Reads `regstream` into a grant's rights:
///
///     {"subscribe": ["registration:42", "card:*"], "publish": [...], "inspect": true}
///
/// An entry is a workflow's name, a colon, and an id of the workflow's kind; the first colon
/// separates them. `*` alone stands for every id. Entries of workflows that are not in `workflows`
/// belong to other gateways and are ignored, and so are other members. More than a hundred ids of
/// one workflow for one right are refused: the issuer should write the wildcard, or issue several
/// tokens. Without the claim nothing is allowed.
[[nodiscard]] std::optional<TokenError> read_rights(const nlohmann::json& payload,
                                                    const std::vector<Workflow>& workflows,
                                                    Grant& grant);

}  // namespace regstream::access
