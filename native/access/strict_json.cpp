#include "access/strict_json.hpp"

#include <utility>

#include "access/access_limits.hpp"
#include "json/json_fault.hpp"

namespace regstream::access {

std::optional<nlohmann::json> parse_strict_json(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max ||
      json_fields::find_json_fault(text, {.depth_max = access_limits.json_depth_max,
                                          .values_max = access_limits.json_values_max})) {
    return std::nullopt;
  }
  auto json = nlohmann::json::parse(text, nullptr, false);
  return json.is_discarded() ? std::nullopt : std::optional{std::move(json)};
}

}  // namespace regstream::access
