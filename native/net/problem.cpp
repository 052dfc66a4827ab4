#include "net/problem.hpp"

#include <nlohmann/json.hpp>

namespace regstream::net {

namespace http = boost::beast::http;

Response make_problem(const Problem& problem) {
  // The order of the members is RFC 9457's, so that a person reads them from general to particular.
  nlohmann::ordered_json json;
  json["type"] =
      problem.type.empty() ? std::string("about:blank") : "/problems/" + std::string(problem.type);
  json["title"] = std::string(http::obsolete_reason(problem.status));
  json["status"] = static_cast<unsigned>(problem.status);
  json["detail"] = problem.detail;

  Response response(problem.status, 11);
  response.set(http::field::content_type, "application/problem+json");
  response.set(http::field::cache_control, "no-store");
  // A detail may quote what the client sent, which need not be UTF-8.
  response.body() = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

void respond_problem(Exchange& exchange, const Problem& problem) {
  exchange.respond(make_problem(problem));
}

void respond_problem(Exchange& exchange, const Problem& problem, std::chrono::seconds retry_after) {
  Response response = make_problem(problem);
  response.set(boost::beast::http::field::retry_after, std::to_string(retry_after.count()));
  exchange.respond(std::move(response));
}

}  // namespace regstream::net
