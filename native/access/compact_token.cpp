#include "access/compact_token.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "access/access_limits.hpp"
#include "access/base64url.hpp"
#include "access/strict_json.hpp"
#include "net/letter_case.hpp"

namespace regstream::access {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<std::string_view, Algorithm>, 3> algorithms{
    {{"HS256", Algorithm::hs256}, {"RS256", Algorithm::rs256}, {"ES256", Algorithm::es256}}};

TokenError malformed(std::string what) {
  return {.reason = DenialReason::malformed, .what = std::move(what)};
}

/// Media types are case-insensitive, and "application/" may be left out (RFC 7515, 4.1.9).
bool is_token_type(std::string_view type) {
  constexpr std::string_view prefix = "application/";
  if (net::equals_ignoring_case(type.substr(0, prefix.size()), prefix)) {
    type.remove_prefix(prefix.size());
  }
  return net::equals_ignoring_case(type, "JWT") || net::equals_ignoring_case(type, "at+jwt");
}

std::optional<TokenError> read_header(const Json& header, CompactToken& token) {
  if (header.contains("crit")) {
    return malformed("The token's header has crit; no extension is supported here.");
  }
  const auto type = header.find("typ");
  if (type != header.end() &&
      (!type->is_string() || !is_token_type(type->get_ref<const std::string&>()))) {
    return malformed("The token's typ must be JWT or at+jwt.");
  }
  const auto algorithm = header.find("alg");
  const auto parsed = algorithm != header.end() && algorithm->is_string()
                          ? parse_algorithm(algorithm->get_ref<const std::string&>())
                          : std::nullopt;
  if (!parsed) {
    return malformed("The token's alg must be HS256, RS256 or ES256.");
  }
  token.algorithm = *parsed;
  if (const auto key_id = header.find("kid"); key_id != header.end()) {
    if (!key_id->is_string() ||
        key_id->get_ref<const std::string&>().size() > access_limits.key_id_bytes_max) {
      return malformed("The token's kid must be a text of at most 256 bytes.");
    }
    token.key_id = key_id->get<std::string>();
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Algorithm algorithm) {
  return algorithms.at(static_cast<std::size_t>(algorithm)).first;
}

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  const auto* const found = std::find_if(algorithms.begin(), algorithms.end(),
                                         [name](const auto& known) { return known.first == name; });
  return found == algorithms.end() ? std::nullopt : std::optional{found->second};
}

std::variant<CompactToken, TokenError> parse_compact_token(std::string_view text) {
  if (text.size() > access_limits.token_bytes_max) {
    return malformed("The token is longer than 8192 bytes.");
  }
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  const TokenError misshapen =
      malformed("The token is not a signed JWT: three parts of base64url, separated by dots.");
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
    return misshapen;
  }
  CompactToken token;
  token.text = text;
  token.signed_part = text.substr(0, second);
  token.encoded_payload = text.substr(first + 1, second - first - 1);
  const auto header_text = decode_base64url(text.substr(0, first));
  auto signature = decode_base64url(text.substr(second + 1));
  if (!header_text || !signature || !decode_base64url(token.encoded_payload)) {
    return misshapen;
  }
  token.signature = *std::move(signature);
  const auto header = parse_strict_json(*header_text, access_limits.token_bytes_max);
  if (!header) {
    return malformed("The token's header is not a JSON object, or has a member twice.");
  }
  if (auto error = read_header(*header, token)) {
    return *std::move(error);
  }
  return token;
}

}  // namespace regstream::access
