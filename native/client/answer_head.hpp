#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/fields.hpp>

#include "client/http_url.hpp"

namespace regstream::client {

/// What a server answered with, before the body. Refers to what an attempt holds: for the call in
/// which it comes.
struct AnswerHead {
  const HttpUrl& url;  ///< Of whoever answered, behind all redirects.
  unsigned status = 0;
  const boost::beast::http::fields& fields;
  /// Why a redirect was not followed, as a sentence without its full stop. Nothing: this is none.
  std::optional<std::string> redirect_problem;
};

/// The coding that an answer's body is in, if it is one that this client does not undo: it asks for
/// none, and knows none but chunks.
[[nodiscard]] std::optional<std::string_view> unreadable_coding(
    const boost::beast::http::fields& answer);

/// Text of a server's own in quotes, as much of it as an error shows.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace regstream::client
