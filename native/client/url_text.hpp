#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regstream::client {

/// The text of an http URL, split as the WHATWG URL standard splits it ("basic URL parser", for its
/// special schemes): blanks around it, tabs and line ends are dropped, a backslash before the query
/// is a slash, the fragment is dropped, path and query are percent-encoded.
struct UrlText {
  std::string scheme;                    ///< In lower case; empty: none is given.
  std::optional<std::string> authority;  ///< As written, without any slash.
  std::string path;                      ///< Empty, relative, or from the root on.
  std::string query;                     ///< With its `?`; empty: none is given.

  /// Whether another scheme than http and https is given. Then the rest is empty: it has other
  /// rules.
  [[nodiscard]] bool is_foreign() const;
};

/// A URL that stands alone: what follows `http:` is an authority, with any number of slashes.
[[nodiscard]] UrlText split_url(std::string_view text);

/// A URL that may be relative to an http URL: only two slashes begin an authority.
[[nodiscard]] UrlText split_reference(std::string_view text);

/// Remove dot segments of a path from the root on, the encoded ones (`%2e`) too, as the standard
/// does in its "path state".
[[nodiscard]] std::string remove_dot_segments(std::string_view path);

}  // namespace regstream::client
