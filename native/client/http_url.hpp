#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace regstream::client {

/// An absolute `https://` or `http://` URL, taken apart for a resolver and for a request.
struct HttpUrl {
  bool is_secure = false;  ///< https.
  std::string host;        ///< A name or an address, an IPv6 one without its brackets.
  std::string port;        ///< In digits.
  std::string host_field;  ///< The Host field's value: the port only if it is not the scheme's own.
  std::string target;      ///< Path and query, as a request line has them.

  /// Scheme, host and port, and for people the path as well. Never the query: tokens travel there.
  [[nodiscard]] std::string shown() const;
};

/// Why a text is no URL that this client can open: a sentence without its full stop.
struct UrlProblem {
  std::string what;
};

/// Reads a URL as browsers and curl write it (WHATWG URL standard; `UrlText`). What they allow and
/// this does not: a host beyond ASCII, or percent-encoded; a user name or password.
[[nodiscard]] std::variant<HttpUrl, UrlProblem> parse_http_url(std::string_view text);

/// What a Location field says, read against the URL that answered with it (RFC 9110, 10.2.2), by
/// the same rules. None leads from https to http: what was asked for in secret stays secret.
[[nodiscard]] std::variant<HttpUrl, UrlProblem> resolve_location(const HttpUrl& base,
                                                                 std::string_view location);

/// Whether what is meant for one may be sent to the other (RFC 6454: scheme, host and port).
[[nodiscard]] bool is_same_origin(const HttpUrl& left, const HttpUrl& right);

}  // namespace regstream::client
