#pragma once

#include <string>
#include <string_view>

namespace regstream::net {

/// Percent-encodes a path with its query (`/a b?c=[1]|2`), so that it is valid under RFC 3986 and
/// Boost.URL reads it. It encodes what the WHATWG URL standard encodes (its path and special-query
/// percent-encode sets), and also the marks that the standard leaves but RFC 3986 forbids: `[`,
/// `]`, `|`, `\`, and in a query `^`, `{`, `}` and a backtick. A `%` that is not followed by two
/// hexadecimal digits is text, and becomes `%25`. Everything else stays, encoded bytes included, so
/// encoding twice changes nothing.
[[nodiscard]] std::string encode_path_and_query(std::string_view text);

}  // namespace regstream::net
