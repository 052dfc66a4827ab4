#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>

#include "net/exchange.hpp"

namespace regstream::net {

/// Whether the request says that its body is JSON. Parameters such as charset do not matter: JSON
/// is UTF-8 (RFC 8259, 8.1). A page of another site can't send this type without asking first
/// (Fetch, CORS preflight), and is refused then.
[[nodiscard]] bool has_json_body(const Request& request);
/// The same of another type of such bodies.
[[nodiscard]] bool has_body_of(const Request& request, std::string_view type);

/// As deep as an update may be nested (`StreamLimits`).
inline constexpr std::size_t json_body_depth_max = 64;

/// Why a body is refused with 400: one sentence for its author. It quotes no value, which may be
/// personal data.
struct JsonBodyProblem {
  std::string detail;
};

/// The rule for the body of every request: one JSON object (RFC 8259) in UTF-8. Refused are also
/// what readers understand differently: a number that no double holds (section 6), a member given
/// twice (section 4), half of a surrogate pair (section 8.2), and what is nested deeper than
/// `json_body_depth_max`.
[[nodiscard]] std::optional<JsonBodyProblem> check_json_body(std::string_view body);

/// The object that the body is.
[[nodiscard]] std::variant<nlohmann::json, JsonBodyProblem> parse_json_body(std::string_view body);

}  // namespace regstream::net
