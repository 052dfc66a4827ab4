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

/// What a token says, once its signature is known to be right.
namespace regstream::access {

/// What a token must say of itself.
struct TokenRules {
  static constexpr Duration leeway_max{120'000};

  std::string issuer = {};    ///< Its `iss`. Empty: any, or none.
  std::string audience = {};  ///< Its `aud`, or one of them. Empty: any, or none.
  /// By how much its issuer's clock may differ from ours. At most `leeway_max`.
  Duration leeway{30'000};
};

/// Reads `exp`, `nbf`, `iat`, `iss` and `aud` (RFC 7519, 4.1) into a grant's times. `exp` is
/// required. A token counts from `nbf` until `exp`, and the leeway before and after; one that is
/// issued later than now, beyond the leeway, has its clock or ours to mend. Times may have
/// fractions, and lie before the year 10000, so that milliseconds are found out.
[[nodiscard]] std::optional<TokenError> read_registered_claims(const nlohmann::json& payload,
                                                               const TokenRules& rules,
                                                               std::int64_t now_timestamp_ms,
                                                               Grant& grant);

/// Reads `regstream` into a grant's rights:
///
///     {"subscribe": ["registration:42", "card:*"], "publish": [...], "inspect": true}
///
/// An entry is a workflow's name and an id of its kind, with the first colon between them. Only a
/// whole `*` stands for every id. Entries of workflows that are not in `workflows` are of other
/// gateways, and ignored; so are other members. More than a hundred ids of one workflow for one
/// right are refused: the issuer is to write the wildcard, or to give several tokens. Without the
/// claim nothing is allowed.
[[nodiscard]] std::optional<TokenError> read_rights(const nlohmann::json& payload,
                                                    const std::vector<Workflow>& workflows,
                                                    Grant& grant);

}  // namespace regstream::access
