#include "net/exchange.hpp"

#include <utility>

#include "net/common_fields.hpp"
#include "net/problem.hpp"

namespace regstream::net {

namespace http = boost::beast::http;

Exchange::Exchange(std::shared_ptr<Connection> connection, Request request, Target target)
    : connection_(std::move(connection)),
      request_(std::move(request)),
      target_(std::move(target)) {}

Exchange::~Exchange() {
  if (!connection_) {
    return;
  }
  try {
    respond(make_problem({.status = http::status::internal_server_error,
                          .detail = "The server did not answer this request."}));
  } catch (...) {
    // There is no memory even for this response. The connection closes with its last owner.
    connection_ = nullptr;
  }
}

std::string_view Exchange::path_parameter(std::string_view name) const {
  const auto found = path_parameters_.find(name);
  return found == path_parameters_.end() ? std::string_view() : found->second;
}

void Exchange::respond(Response response) {
  response.version(request_.version());
  response.keep_alive(request_.keep_alive());
  complete_response(response, request_.method());
  std::exchange(connection_, nullptr)->send(std::move(response));
}

void Exchange::respond_json(http::status status, std::string json) {
  Response response(status, request_.version());
  response.set(http::field::content_type, "application/json");
  // Not to be cached: the next response may differ.
  response.set(http::field::cache_control, "no-store");
  response.body() = std::move(json);
  respond(std::move(response));
}

TakenConnection Exchange::take_connection() {
  return std::exchange(connection_, nullptr)->release();
}

}  // namespace regstream::net
