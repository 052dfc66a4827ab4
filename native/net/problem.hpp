#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "net/exchange.hpp"

/// Errors as RFC 9457 problem details: `application/problem+json` with type, title, status, detail.
namespace regstream::net {

struct Problem {
  boost::beast::http::status status;
  /// What was wrong with this request, and what would be right. It names fields and quotes no
  /// secrets.
  std::string detail;
  /// The last part of the problem type's URI, "/problems/validation-running"; empty: "about:blank".
  std::string_view type = {};
};

[[nodiscard]] Response make_problem(const Problem& problem);

/// `exchange.respond(make_problem(problem))`.
void respond_problem(Exchange& exchange, const Problem& problem);

/// The same with Retry-After: when the request may succeed.
void respond_problem(Exchange& exchange, const Problem& problem, std::chrono::seconds retry_after);

}  // namespace regstream::net
