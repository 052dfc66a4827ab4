#include "net/common_fields.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace regstream::net {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> common_fields{{
    {"Server", "regstream"},
    // Nothing of ours is to be taken for a script because it looks like one.
    {"X-Content-Type-Options", "nosniff"},
    // No page of another site may load it as an image or a script, and so into its own process,
    // where a Spectre attack reads it (Fetch standard, 3.6).
    {"Cross-Origin-Resource-Policy", "same-origin"},
}};

}  // namespace

void set_common_fields(Response& response) {
  for (const auto& [name, value] : common_fields) {
    response.set(name, value);
  }
}

std::string common_field_lines() {
  std::string lines;
  for (const auto& [name, value] : common_fields) {
    lines.append(name).append(": ").append(value).append("\r\n");
  }
  return lines;
}

}  // namespace regstream::net
