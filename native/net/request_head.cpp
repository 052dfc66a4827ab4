#include "net/request_head.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "net/letter_case.hpp"

namespace regstream::net {

namespace http = boost::beast::http;

namespace {

Problem bad_request(std::string detail) {
  return {.status = http::status::bad_request, .detail = std::move(detail)};
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char letter) { return letter >= '0' && letter <= '9'; });
}

// Where does the body end? If a server and a proxy disagree, a client can smuggle a request past
// the proxy (RFC 9112, 11.2). So everything that can be read in two ways is refused, even if the
// standard allows one reading.
std::optional<Problem> check_framing(const Request& head) {
  const std::size_t encodings = head.count(http::field::transfer_encoding);
  const std::size_t lengths = head.count(http::field::content_length);
  if (encodings > 0 && head.version() < 11) {  // RFC 9112, 6.1
    return bad_request("An HTTP/1.0 request can't have a Transfer-Encoding.");
  }
  if (encodings > 0 && lengths > 0) {  // RFC 9112, 6.3, rule 3
    return bad_request("A request has either Transfer-Encoding or Content-Length, not both.");
  }
  if (encodings > 1 ||
      (encodings == 1 && !equals_ignoring_case(head[http::field::transfer_encoding], "chunked"))) {
    return bad_request("The only Transfer-Encoding of a request is \"chunked\".");
  }
  if (lengths > 1 || (lengths == 1 && !is_digits(head[http::field::content_length]))) {
    return bad_request("Content-Length must be one number.");  // RFC 9112, 6.3, rule 5
  }
  return std::nullopt;
}

// RFC 9112, 3.2
std::optional<Problem> check_host(const Request& head) {
  const std::size_t hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) {
    return bad_request("An HTTP/1.1 request needs exactly one Host field.");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Problem> check_request_head(const Request& head) {
  if (head.target().size() > target_bytes_max) {
    return Problem{.status = http::status::uri_too_long,
                   .detail = "The request target is longer than " +
                             std::to_string(target_bytes_max) + " bytes."};
  }
  if (has_too_many_fields(head)) {
    return Problem{.status = http::status::request_header_fields_too_large,
                   .detail = "The request has more than " + std::to_string(header_fields_max) +
                             " header fields."};
  }
  if (auto problem = check_framing(head)) {
    return problem;
  }
  return check_host(head);
}

std::optional<Problem> check_field_lines(std::string_view lines) {
  for (const std::string_view fold : {"\r\n ", "\r\n\t"}) {
    if (lines.find(fold) != std::string_view::npos) {
      return bad_request("A header field must be one line.");
    }
  }
  return std::nullopt;
}

bool expects_continue(const Request& head) {
  return head.version() >= 11 && equals_ignoring_case(head[http::field::expect], "100-continue");
}

bool has_too_many_fields(const Request::fields_type& fields) {
  std::size_t count = 0;
  return std::any_of(fields.begin(), fields.end(),
                     [&count](const auto&) { return ++count > header_fields_max; });
}

}  // namespace regstream::net
