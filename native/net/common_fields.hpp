#pragma once

#include <string>

#include "net/exchange.hpp"

namespace regstream::net {

/// Completes an answer to a request of method `asked`: sets the fields of every answer, and frames
/// it. Content-Length is the body's, without which a 204 and a 304 go (RFC 9110, 8.6); the answer
/// to HEAD has the length that GET's would have, and no body.
void complete_response(Response& response, boost::beast::http::verb asked);

/// The same as lines, each with its end, for a head that is written by hand.
[[nodiscard]] std::string common_field_lines();

}  // namespace regstream::net
