#include "net/common_fields.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace regstream::net {

namespace http = boost::beast::http;

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> common_fields{{
    {"Server", "regstream"},
    // A browser must not run a response as a script because it looks like one.
    {"X-Content-Type-Options", "nosniff"},
    // No page of another site may load it as an image or a script. It would be in that page's
    // process then, where a Spectre attack can read it (Fetch standard, 3.6).
    {"Cross-Origin-Resource-Policy", "same-origin"},
}};

bool has_no_body(http::status status) {
  return status == http::status::no_content || status == http::status::not_modified;
}

}  // namespace

void complete_response(Response& response, http::verb asked) {
  for (const auto& [name, value] : common_fields) {
    response.set(name, value);
  }
  if (has_no_body(response.result())) {
    response.body().clear();
    response.erase(http::field::content_length);
  } else if (asked != http::verb::head) {
    response.prepare_payload();
  } else if (!response.body().empty()) {
    // Without a body the length is unknown, because GET may answer with a stream.
    response.content_length(response.body().size());
    response.body().clear();
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
