#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>

#include "net/exchange.hpp"

namespace regstream::net {

/// Whether the request declares a JSON body. Parameters such as charset don't matter: JSON is UTF-8
/// (RFC 8259, 8.1). A page of another site can't send this type without a preflight (Fetch, CORS),
/// which is refused.
[[nodiscard]] bool has_json_body(const Request& request);
/// The same for another content type.
[[nodiscard]] bool has_body_of(const Request& request, std::string_view type);

/// The same depth that an update may have (`StreamLimits`).
inline constexpr std::size_t json_body_depth_max = 64;

/// Why a body is refused with 400: one sentence for its author. It quotes no value, because values
/// may be personal data.
struct JsonBodyProblem {
  std::string detail;
};

/// Checks the rule for every request's body: one JSON object (RFC 8259) in UTF-8. It also refuses
/// what readers understand differently: a number that no double can hold (section 6), a member
/// given twice (section 4), half of a surrogate pair (section 8.2); and a body that is nested
/// deeper than `json_body_depth_max`.
[[nodiscard]] std::optional<JsonBodyProblem> check_json_body(std::string_view body);

/// Parses the body as an object, by the same rule.
[[nodiscard]] std::variant<nlohmann::json, JsonBodyProblem> parse_json_body(std::string_view body);

}  // namespace regstream::net
