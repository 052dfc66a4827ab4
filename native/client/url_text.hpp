#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regstream::client {

/// The text of an http URL, split by the WHATWG URL standard ("basic URL parser", for special
/// schemes): drops surrounding blanks, tabs, line ends and the fragment, reads a backslash before
/// the query as a slash, and percent-encodes path and query.
struct UrlText {
  std::string scheme;                    ///< In lower case; empty if there is none.
  std::optional<std::string> authority;  ///< As written, without slashes.
  std::string path;                      ///< Empty, relative or absolute.
  std::string query;                     ///< With its `?`; empty if there is none.

  /// Whether it has a scheme other than http and https. Then the rest is empty, because other rules
  /// apply.
  [[nodiscard]] bool is_foreign() const;
};

/// Splits an absolute URL: an authority follows `http:`, with any number of slashes.
[[nodiscard]] UrlText split_url(std::string_view text);

/// Splits a URL that may be relative to an http URL: only two slashes begin an authority.
[[nodiscard]] UrlText split_reference(std::string_view text);

/// Removes the dot segments of an absolute path, encoded ones (`%2e`) too, as the standard's "path
/// state" does.
[[nodiscard]] std::string remove_dot_segments(std::string_view path);

}  // namespace regstream::client
