#include "client/attempt.hpp"

#include <cstdint>
#include <utility>
#include <variant>

#include <boost/asio/connect.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "client/request_fields.hpp"
#include "net/tls_client.hpp"

namespace regstream::client {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

/// The size of a read from the socket, and so the longest line of a chunked body's framing.
constexpr std::size_t buffer_bytes = 64U << 10U;

/// Interim responses, such as early hints, may precede the response (RFC 9110, 15.2), but not
/// without end.
constexpr int interim_answers_max = 8;

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_interim(unsigned status) {
  return status >= 100 && status < 200 && status != 101;
}

/// Whether the redirect turns the request into a GET, as the Fetch standard says (HTTP-redirect
/// fetch, step 12).
bool becomes_get(unsigned status, std::string_view method) {
  return status == 303 ? method != "GET" : (status == 301 || status == 302) && method == "POST";
}

}  // namespace

Attempt::Attempt(asio::io_context& context, Owner& owner, AttemptId id,
                 const StreamRequest& request, const HttpUrl& url, Trust& trust,
                 const StreamLimits& limits, std::string last_event_id)
    : owner_(&owner),
      id_(id),
      request_(&request),
      origin_(url),
      trust_(&trust),
      limits_(limits),
      last_event_id_(std::move(last_event_id)),
      resolver_(std::in_place, context),
      context_(&context),
      url_(url),
      buffer_(buffer_bytes) {}

void Attempt::start() {
  connect();
}

void Attempt::cancel() {
  owner_ = nullptr;
  resolver_.reset();  // Cancels. Unlike `cancel`, this needs no memory.
  if (wire_) {
    wire_->close();
  }
}

void Attempt::connect() {
  if (url_.is_secure) {
    wire_.emplace(*context_, trust_->context());
  } else {
    wire_.emplace(*context_);
  }
  resolver_->async_resolve(url_.host, url_.port, tcp::resolver::numeric_service,
                           [self = shared_from_this()](ErrorCode error, const Resolved& found) {
                             self->on_resolved(error, found);
                           });
}

void Attempt::on_resolved(ErrorCode error, const Resolved& found) {
  if (owner_ == nullptr) {
    return;
  }
  if (error) {
    fail(StreamFailureKind::unresolvable, "can't find host " + in_quotes(url_.host));
    return;
  }
  asio::async_connect(wire_->socket(), found,
                      [self = shared_from_this()](ErrorCode connect_error, const tcp::endpoint&) {
                        self->on_connected(connect_error);
                      });
}

void Attempt::on_connected(ErrorCode error) {
  if (owner_ == nullptr) {
    return;
  }
  if (error) {
    fail(StreamFailureKind::unreachable,
         "can't connect to " + url_.shown() + ": " + error.message());
    return;
  }
  ErrorCode ignored;
  wire_->socket().set_option(tcp::no_delay(true), ignored);
  if (wire_->tls() == nullptr) {
    ask();
  } else {
    secure();
  }
}

void Attempt::secure() {
  if (!net::expect_host(wire_->tls(), url_.host)) {
    fail(StreamFailureKind::insecure, "no memory for TLS with " + url_.shown());
    return;
  }
  wire_->async_handshake([self = shared_from_this()](ErrorCode error) {
    if (self->owner_ == nullptr) {
      return;
    }
    if (error) {
      self->fail(StreamFailureKind::insecure,
                 explain_handshake(self->wire_->tls(), error, self->url_.shown()));
    } else {
      self->ask();
    }
  });
}

void Attempt::ask() {
  outgoing_ = {};
  outgoing_.method_string(drops_body_ ? "GET" : request_->method);
  outgoing_.target(url_.target);
  outgoing_.set(http::field::host, url_.host_field);
  outgoing_.set(http::field::accept, "text/event-stream");
  outgoing_.set(http::field::accept_encoding, "identity");
  outgoing_.set(http::field::cache_control, "no-cache");
  outgoing_.set(http::field::user_agent, "regstream");
  if (!drops_body_ && !request_->body.empty()) {
    outgoing_.set(http::field::content_type, "text/plain;charset=UTF-8");
    outgoing_.body() = request_->body;
  }
  for (const HeaderField& field : request_->headers) {
    outgoing_.erase(field.name);
  }
  for (const HeaderField& field : request_->headers) {
    if ((left_origin_ && is_origin_bound(field.name)) ||
        (drops_body_ && describes_body(field.name))) {
      continue;
    }
    outgoing_.insert(field.name, field.value);
  }
  if (left_origin_) {
    outgoing_.set(http::field::host, url_.host_field);
  }
  // Servers would refuse a request with such an id for ever. Missing the updates since then is
  // better than missing the stream.
  if (!last_event_id_.empty() && is_field_value(last_event_id_)) {
    outgoing_.set("Last-Event-ID", last_event_id_);
  }
  outgoing_.prepare_payload();
  http::async_write(*wire_, outgoing_, [self = shared_from_this()](ErrorCode error, std::size_t) {
    if (self->owner_ == nullptr) {
      return;
    }
    if (error) {
      self->fail_reading(error);
    } else {
      self->read_header();
    }
  });
}

void Attempt::read_header() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits_.response_header_bytes_max));
  parser_->body_limit(boost::none);
  http::async_read_header(
      *wire_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_header(error); });
}

void Attempt::on_header(ErrorCode error) {
  if (owner_ == nullptr) {
    return;
  }
  if (error) {
    fail_reading(error);
  } else if (!is_interim(parser_->get().result_int())) {
    on_answer();
  } else if (++interim_answers_ <= interim_answers_max) {
    read_header();
  } else {
    fail(StreamFailureKind::malformed, url_.shown() + " sends interim responses (1xx) without end");
  }
}

void Attempt::on_answer() {
  const auto& answer = parser_->get();
  const unsigned status = answer.result_int();
  AnswerHead head{.url = url_, .status = status, .fields = answer, .redirect_problem = {}};
  if (is_redirect(status)) {
    head.redirect_problem = follow(status);
    if (!head.redirect_problem) {
      return;
    }
  }
  owner_->on_answer(id_, head);
  if (owner_ != nullptr) {
    read_body();
  }
}

std::optional<std::string> Attempt::follow(unsigned status) {
  const auto& answer = parser_->get();
  const std::string from = url_.shown() + " answered with redirect " + std::to_string(status);
  if (++redirects_ > limits_.redirects_max) {
    return from + ", one more than " + std::to_string(limits_.redirects_max);
  }
  auto next = resolve_location(url_, answer[http::field::location]);
  if (const auto* const problem = std::get_if<UrlProblem>(&next)) {
    return from + ", but " + problem->what;
  }
  drops_body_ = drops_body_ || becomes_get(status, request_->method);
  url_ = std::get<HttpUrl>(std::move(next));
  left_origin_ = left_origin_ || !is_same_origin(origin_, url_);
  buffer_.clear();
  interim_answers_ = 0;
  connect();
  return std::nullopt;
}

void Attempt::read_body() {
  if (parser_->is_done()) {
    owner_->on_end(id_, TransportEnd::ended,
                   {StreamFailureKind::ended, url_.shown() + " ended the stream"});
    return;
  }
  auto& body = parser_->get().body();
  body.data = chunk_.data();
  body.size = chunk_.size();
  http::async_read_some(
      *wire_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_body(error); });
}

void Attempt::on_body(ErrorCode error) {
  if (owner_ == nullptr) {
    return;
  }
  const std::size_t size = chunk_.size() - parser_->get().body().size;
  if (size > 0) {
    owner_->on_bytes(id_, std::string_view(chunk_.data(), size));
    if (owner_ == nullptr) {
      return;
    }
  }
  if (error && error != http::error::need_buffer) {
    fail_reading(error);
  } else {
    read_body();
  }
}

void Attempt::fail(StreamFailureKind kind, const std::string& what) {
  owner_->on_end(id_, TransportEnd::failed, {kind, what});
}

void Attempt::fail_reading(ErrorCode error) {
  const bool is_http_error =
      error.category() == http::make_error_code(http::error::end_of_stream).category();
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    fail(StreamFailureKind::header_too_large,
         "the header that " + url_.shown() + " answered with is too large");
  } else if (error == http::error::end_of_stream || error == http::error::partial_message ||
             !is_http_error) {
    fail(StreamFailureKind::broken,
         "the connection to " + url_.shown() + " broke: " + error.message());
  } else {
    fail(StreamFailureKind::malformed,
         "what " + url_.shown() + " sent is not HTTP/1.1: " + error.message());
  }
}

}  // namespace regstream::client
