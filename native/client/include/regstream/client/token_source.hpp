#pragma once

#include <functional>
#include <string>
#include <variant>

#include <regstream/connection/connection.hpp>

namespace regstream::client {

/// There is no token for an attempt.
struct NoToken {
  /// `may_pass`: it is asked for again after a wait. `for_good`: the client closes.
  TokenFailure failure = TokenFailure::may_pass;
  std::string why;  ///< A sentence without its full stop, which handlers are shown. Nothing secret.
};

/// A token without its `Bearer`.
using TokenAnswer = std::variant<std::string, NoToken>;

/// Asked for the token of each attempt, on the io_context's thread. `is_refused`: the server did
/// not take the last one (401), so a stored one will not do. It calls `answer` once, within this
/// call or later on that thread; an answer that comes after `connect_timeout`, or after the client
/// was destroyed, is passed over.
using TokenSource =
    std::function<void(bool is_refused, std::function<void(TokenAnswer answer)> answer)>;

}  // namespace regstream::client
