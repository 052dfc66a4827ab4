#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "net/exchange.hpp"

namespace regstream::gateway {

/// What a request for the stream asks for.
struct StreamRequest {
  std::optional<std::int64_t> registration_id;  ///< Empty: every registration.
  std::string cursor;  ///< After which to resume, as the client sent it; empty: from now on.
};

/// Why a request for the stream is none: a sentence for the client's author.
struct StreamRequestError {
  std::string what;
};

/// Reads the query: `registrationId`, a number from 1 to 2^53 - 1, and `lastEventId`, each at most
/// once. Parameters of others (a proxy's, a cache buster) are let through. The header
/// `Last-Event-ID` wins over `lastEventId`: a browser that comes back asks the same URL again, and
/// tells by the header how far it got. An empty one of either says nothing. What is no event id is
/// no error: to a client that can't mend it, the stream says `reset`.
[[nodiscard]] std::variant<StreamRequest, StreamRequestError> read_stream_request(
    const net::Request& request, const net::Target& target);

}  // namespace regstream::gateway
