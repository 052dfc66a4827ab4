#pragma once

#include <string>

#include "net/exchange.hpp"

namespace regstream::net {

/// Completes the response to a request of method `asked`: sets the fields that every response has,
/// and Content-Length. A 204 and a 304 have none (RFC 9110, 8.6). The response to HEAD has the
/// length of GET's body, and no body.
void complete_response(Response& response, boost::beast::http::verb asked);

/// The same fields as lines, each with its line end, for a head that is written by hand.
[[nodiscard]] std::string common_field_lines();

}  // namespace regstream::net
