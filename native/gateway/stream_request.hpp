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
};

/// Why a request for the stream is none: a sentence for the client's author.
struct StreamRequestError {
  std::string what;
};

/// Reads the query: `registrationId` at most once, a number from 1 to 2^53 - 1. `lastEventId` and
/// parameters of others (a proxy's, a cache buster) are let through.
[[nodiscard]] std::variant<StreamRequest, StreamRequestError> read_stream_request(
    const net::Target& target);

}  // namespace regstream::gateway
