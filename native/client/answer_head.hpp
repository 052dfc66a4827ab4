#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/fields.hpp>

#include "client/http_url.hpp"

namespace regstream::client {

/// A response without its body. Refers to the attempt's data, so it is valid only during the call
/// that gives it.
struct AnswerHead {
  const HttpUrl& url;  ///< Of the server that answered, after all redirects.
  unsigned status = 0;
  const boost::beast::http::fields& fields;
  /// Why a redirect was not followed, as a sentence without its full stop. Nothing if it is not a
  /// redirect.
  std::optional<std::string> redirect_problem;
};

/// The coding of a response's body, if this client can't decode it. It can decode only chunks, and
/// requests no other coding.
[[nodiscard]] std::optional<std::string_view> unreadable_coding(
    const boost::beast::http::fields& answer);

/// A server's text in quotes, cut for an error message.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace regstream::client
