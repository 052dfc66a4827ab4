#pragma once

#include <functional>
#include <string>
#include <variant>

#include <regstream/connection/connection.hpp>

namespace regstream::client {

/// There is no token for an attempt.
struct NoToken {
  /// `may_pass`: the client asks again after a wait. `for_good`: the client closes.
  TokenFailure failure = TokenFailure::may_pass;
  std::string
      why;  ///< A sentence without its full stop. Handlers get it, so it must not have a secret.
};

/// A token without its `Bearer`.
using TokenAnswer = std::variant<std::string, NoToken>;

/// Gives the token of each attempt; called on the io_context's thread. `is_refused`: the server
/// refused the last token (401), so a cached one is of no use. It must call `answer` once, within
/// this call or later on that thread. An answer after `connect_timeout`, or after the client was
/// destroyed, is ignored.
using TokenSource =
    std::function<void(bool is_refused, std::function<void(TokenAnswer answer)> answer)>;

}  // namespace regstream::client
