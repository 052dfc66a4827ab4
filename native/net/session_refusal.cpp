#include <string>
#include <utility>

#include <boost/beast/http/error.hpp>

#include "log/log.hpp"
#include "net/common_fields.hpp"
#include "net/request_head.hpp"
#include "net/session.hpp"

/// Responses that a session sends by itself, before there is a request for the router.
namespace regstream::net {

namespace http = boost::beast::http;

// The origin is known once its field was read, even if the head is too long or announces too large
// a body.
void Session::refuse(Response response) {
  if (cors_ == nullptr && parser_) {
    cors_ = set_->cors().find(parser_->get());
  }
  response.keep_alive(false);
  complete_response(response, asked_.method);
  send(std::move(response));
}

void Session::refuse(const Problem& problem) {
  refuse(make_problem(problem));
}

void Session::refuse_malformed(ErrorCode error) {
  if (error == http::error::header_limit) {
    refuse({.status = http::status::request_header_fields_too_large,
            .detail = "The request's header is longer than " +
                      std::to_string(set_->limits().header_bytes_max) +
                      " bytes, or has more than " + std::to_string(header_fields_max) +
                      " fields."});
  } else if (error == http::error::body_limit) {
    refuse({.status = http::status::payload_too_large,
            .detail = "The request's body is longer than " +
                      std::to_string(set_->limits().body_bytes_max) + " bytes."});
  } else {
    refuse({.status = http::status::bad_request,
            .detail = "This is not a valid HTTP/1.1 request: " + error.message() + "."});
  }
}

void Session::refuse_overflow() {
  if (state_ == SessionState::reading_head) {
    refuse_malformed(http::error::header_limit);
  } else {  // RFC 9112, 7.1.1
    refuse({.status = http::status::bad_request,
            .detail = "A chunk's extensions, or the trailer fields, are longer than " +
                      std::to_string(set_->limits().buffer_bytes_max) + " bytes."});
  }
}

void Session::refuse_client() {
  ++set_->places().refused.at_client_limit;
  logging::warn(
      "client behind a proxy at the limit",
      "a client behind a proxy has reached its limit of connections, and new ones get 429");
  Response response = make_problem({.status = http::status::too_many_requests,
                                    .detail = "This client has reached its limit of connections; "
                                              "close some, or try again in a moment."});
  response.set(http::field::retry_after, "1");
  refuse(std::move(response));
}

void Session::refuse_busy() {
  Response response(http::status::service_unavailable, 11);
  response.set(http::field::retry_after, "1");
  refuse(std::move(response));
}

}  // namespace regstream::net
