#include "access/strict_json.hpp"

#include <variant>

#include "access/access_limits.hpp"
#include "json/json_lines.hpp"

namespace regstream::access {

std::optional<nlohmann::json> parse_strict_json(std::string_view text, std::size_t bytes_max) {
  json_fields::JsonLimits limits;
  limits.bytes_max = bytes_max;
  limits.depth_max = access_limits.json_depth_max;
  if (std::holds_alternative<json_fields::JsonProblem>(
          json_fields::read_json_lines(text, limits))) {
    return std::nullopt;
  }
  auto json = nlohmann::json::parse(text, nullptr, false);
  return json.is_discarded() ? std::nullopt : std::optional{std::move(json)};
}

}  // namespace regstream::access
