#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace regstream::client {

/// An absolute `https://` or `http://` URL, split for a resolver and for a request.
struct HttpUrl {
  bool is_secure = false;  ///< Whether the scheme is https.
  std::string host;        ///< A name or an address; an IPv6 address has no brackets.
  std::string port;        ///< In digits.
  std::string host_field;  ///< The Host field's value; it has the port only if that is not the
                           ///< scheme's default.
  std::string target;      ///< Path and query, as in a request line.

  /// For people: scheme, host, port and path. Never the query, because it may have a token.
  [[nodiscard]] std::string shown() const;
};

/// Why this client can't open a URL: a sentence without its full stop.
struct UrlProblem {
  std::string what;
};

/// Reads a URL as browsers and curl do (WHATWG URL standard; `UrlText`). In contrast to them, it
/// refuses a host that is not ASCII or is percent-encoded, a user name, and a password.
[[nodiscard]] std::variant<HttpUrl, UrlProblem> parse_http_url(std::string_view text);

/// Resolves a Location field against the URL of its response (RFC 9110, 10.2.2), by the same rules.
/// It refuses a redirect from https to http, because that would reveal an encrypted request.
[[nodiscard]] std::variant<HttpUrl, UrlProblem> resolve_location(const HttpUrl& base,
                                                                 std::string_view location);

/// Whether two URLs have the same origin (RFC 6454: scheme, host and port), so that what is meant
/// for one may be sent to the other.
[[nodiscard]] bool is_same_origin(const HttpUrl& left, const HttpUrl& right);

}  // namespace regstream::client
