#include "client/request_fields.hpp"

#include <algorithm>
#include <array>

#include "net/letter_case.hpp"

namespace regstream::client {
namespace {

constexpr std::array<std::string_view, 6> framing_fields{
    "Connection", "Content-Length", "Expect", "Transfer-Encoding", "TE", "Upgrade"};
constexpr std::array<std::string_view, 4> origin_bound_fields{"Authorization", "Cookie",
                                                              "Proxy-Authorization", "Host"};
constexpr std::array<std::string_view, 4> body_fields{"Content-Encoding", "Content-Language",
                                                      "Content-Location", "Content-Type"};

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [name](std::string_view candidate) {
    return net::equals_ignoring_case(candidate, name);
  });
}

/// A token, as method and field names are (RFC 9110, 5.6.2).
bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [marks](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') ||
           marks.find(character) != std::string_view::npos;
  });
}

}  // namespace

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

std::optional<std::string> method_problem(std::string_view method) {
  if (!is_token(method)) {
    return "the method is not a word such as GET or POST";
  }
  if (method == "HEAD" || method == "CONNECT") {
    return "an answer to " + std::string(method) + " can't carry a stream: use GET or POST";
  }
  return std::nullopt;
}

std::optional<std::string> header_problem(const HeaderField& field) {
  if (!is_token(field.name)) {
    return "a header's name must have letters, digits and hyphens only, and at least one";
  }
  if (!is_field_value(field.value)) {
    return "the value of header " + field.name + " holds a control character";
  }
  if (contains(framing_fields, field.name)) {
    return "the header " + field.name + " is set by the client itself";
  }
  return std::nullopt;
}

bool is_sendable_token(std::string_view text) {
  return !text.empty() && is_field_value(text);
}

void set_bearer(std::vector<HeaderField>& headers, std::string_view token) {
  std::erase_if(headers, [](const HeaderField& field) {
    return net::equals_ignoring_case(field.name, "Authorization");
  });
  headers.push_back({.name = "Authorization", .value = std::string("Bearer ").append(token)});
}

bool is_origin_bound(std::string_view field_name) {
  return contains(origin_bound_fields, field_name);
}

bool describes_body(std::string_view field_name) {
  return contains(body_fields, field_name);
}

}  // namespace regstream::client
