#include "access/credentials.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <boost/beast/http/field.hpp>

#include "net/letter_case.hpp"

namespace regstream::access {
namespace {

namespace http = boost::beast::http;

Denial invalid_request(std::string detail) {
  return {.status = http::status::bad_request,
          .error = "invalid_request",
          .detail = std::move(detail),
          .reason = DenialReason::bad_request};
}

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char character) { return character == ' ' || character == '\t'; };
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// The b64token of RFC 6750, 2.1, which RFC 9110, 11.2 calls token68.
bool is_bearer_token(std::string_view text) {
  const std::size_t end = std::min(text.find('='), text.size());
  const auto is_of_token = [](char c) {
    return net::is_letter(c) || net::is_digit(c) ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  };
  return end > 0 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), is_of_token) &&
         text.find_first_not_of('=', end) == std::string_view::npos;
}

/// The tokens of all `Authorization` fields with our scheme. Empty elements: fields without a
/// token.
std::vector<std::optional<std::string_view>> bearer_tokens(const net::Request& request) {
  constexpr std::string_view scheme = "Bearer";
  std::vector<std::optional<std::string_view>> tokens;
  const auto [first, last] = request.equal_range(http::field::authorization);
  for (auto field = first; field != last; ++field) {
    const std::string_view value = trimmed({field->value().data(), field->value().size()});
    if (!net::equals_ignoring_case(value.substr(0, value.find(' ')), scheme)) {
      continue;
    }
    const std::string_view token = trimmed(value.substr(scheme.size()));
    tokens.push_back(is_bearer_token(token) ? std::optional{token} : std::nullopt);
  }
  return tokens;
}

/// The values of a cookie in all `Cookie` fields (RFC 6265, 4.2.1 and 5.4), without their quotes.
std::vector<std::string_view> cookie_values(const net::Request& request, std::string_view name) {
  std::vector<std::string_view> values;
  const auto [first, last] = request.equal_range(http::field::cookie);
  for (auto field = first; field != last; ++field) {
    std::string_view rest{field->value().data(), field->value().size()};
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name) {
        continue;
      }
      std::string_view value = trimmed(pair.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      if (!value.empty()) {
        values.push_back(value);
      }
    }
  }
  return values;
}

}  // namespace

std::variant<NoCredentials, SentToken, SentTicket, Denial> read_credentials(
    const net::Request& request, const net::Target& target, std::string_view cookie,
    bool takes_tickets) {
  constexpr std::array<std::string_view, 2> token_parameters{"access_token", "authorization"};
  for (const std::string_view parameter : token_parameters) {
    if (target.query.count(parameter) > 0) {
      return invalid_request(
          "A token in a URL is not accepted, since URLs are kept in logs and histories. Send it "
          "in the field Authorization, or get a ticket for it.");
    }
  }
  const std::size_t tickets = target.query.count("ticket");
  if (tickets > 0 && !takes_tickets) {
    return invalid_request("A ticket opens a stream, and nothing else. Send a token.");
  }
  const auto bearers = bearer_tokens(request);
  const auto cookies =
      cookie.empty() ? std::vector<std::string_view>{} : cookie_values(request, cookie);
  if (bearers.size() + cookies.size() + tickets > 1) {
    return invalid_request(
        "The request has more than one of: a token in the field Authorization, a token in a "
        "cookie, a ticket; or one of them twice. Send one, once.");
  }
  if (!bearers.empty()) {
    if (!bearers.front()) {
      return invalid_request("The field Authorization has no token after Bearer.");
    }
    return SentToken{std::string(*bearers.front())};
  }
  if (!cookies.empty()) {
    return SentToken{std::string(cookies.front())};
  }
  if (tickets > 0) {
    return SentTicket{target.query.find("ticket")->second};
  }
  return NoCredentials{};
}

}  // namespace regstream::access
