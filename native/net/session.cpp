#include "net/session.hpp"

#include <exception>
#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "net/common_fields.hpp"
#include "net/request_head.hpp"
#include "net/target.hpp"

namespace regstream::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

// Carries answers to a session's thread, and keeps its io_context running until there is one. It
// hands its share of the session over with the answer, so that a session never ends on the thread
// of whoever answers.
class SessionConnection final : public Exchange::Connection {
 public:
  SessionConnection(const asio::any_io_executor& executor, std::shared_ptr<Session> session)
      : executor_(asio::prefer(executor, asio::execution::outstanding_work.tracked)),
        session_(std::move(session)) {}

  void send(Response response) override {
    asio::post(executor_, [session = std::move(session_), answer = std::move(response)]() mutable {
      session->send(std::move(answer));
    });
  }

  asio::ip::tcp::socket release_socket() override {
    return std::exchange(session_, nullptr)->release_socket();
  }

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<Session> session_;
};

bool is_http_error(const beast::error_code& error) {
  return error.category() == http::make_error_code(http::error::end_of_stream).category();
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, std::shared_ptr<SessionSet> set)
    : stream_(std::move(socket)), set_(std::move(set)) {
  set_->sessions.insert(this);
}

Session::~Session() {
  end_wait();
  set_->sessions.erase(this);
  if (set_->is_stopping && set_->sessions.empty() && set_->on_empty) {
    set_->on_empty();
  }
}

void Session::start() {
  read_header();
}

void Session::stop() {
  if (!is_answering_) {
    stream_.close();
  }
}

void Session::give_way() {
  end_wait();
  stream_.close();
}

void Session::end_wait() {
  if (waits_at_) {
    set_->waiting.erase(*waits_at_);
    waits_at_.reset();
  }
}

void Session::read_header() {
  is_answering_ = false;
  waits_at_ = set_->waiting.insert(set_->waiting.end(), this);
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(set_->limits.header_bytes_max));
  parser_->body_limit(set_->limits.body_bytes_max);
  stream_.expires_after(set_->limits.read_timeout);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_header(error); });
}

void Session::on_header(ErrorCode error) {
  end_wait();
  if (error) {
    on_read_error(error);
    return;
  }
  const Request& head = parser_->get();
  if (const auto problem = check_head(head)) {
    refuse(*problem);
    return;
  }
  stream_.expires_after(set_->limits.read_timeout);
  if (!parser_->is_done() && expects_continue(head)) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(go_on),
                      [self = shared_from_this()](ErrorCode failure, std::size_t) {
                        if (!failure) {
                          self->read_body();
                        }
                      });
    return;
  }
  read_body();
}

std::optional<Problem> Session::check_head(const Request& head) {
  if (auto problem = check_request_head(head)) {
    return problem;
  }
  target_ = parse_target(head.target());
  if (!set_->allowed_hosts) {
    return std::nullopt;
  }
  return check_request_origin(head, target_ ? target_->authority : std::nullopt,
                              *set_->allowed_hosts);
}

void Session::read_body() {
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](ErrorCode error, std::size_t) {
                     if (error) {
                       self->on_read_error(error);
                     } else {
                       self->route();
                     }
                   });
}

void Session::route() {
  is_answering_ = true;
  stream_.expires_never();  // The answer is due when its handler has it.
  Request request = parser_->release();
  parser_.reset();
  Exchange exchange(std::make_shared<SessionConnection>(stream_.get_executor(), shared_from_this()),
                    std::move(request), std::exchange(target_, {}).value_or(Target()));
  if (exchange.target().segments.empty()) {
    respond_problem(exchange, {.status = http::status::bad_request,
                               .detail = "The request target is no valid path and query."});
    return;
  }
  try {
    set_->router.route(std::move(exchange));
  } catch (const std::exception& error) {
    // The exchange has answered 500 as it was destroyed.
    spdlog::error("a request's handler failed: {}", error.what());
  }
}

void Session::refuse(const Problem& problem) {
  is_answering_ = true;
  Response response = make_problem(problem);
  response.keep_alive(false);
  set_common_fields(response);
  response.prepare_payload();
  send(std::move(response));
}

void Session::on_read_error(ErrorCode error) {
  // A parser's error while the client still listens deserves an answer. Everything else means that
  // the client has gone, or was too slow: tcp_stream has closed the socket then.
  if (!is_http_error(error) || error == http::error::end_of_stream ||
      error == http::error::partial_message) {
    stream_.close();
  } else if (error == http::error::header_limit) {
    refuse({.status = http::status::request_header_fields_too_large,
            .detail = "The request's header is longer than " +
                      std::to_string(set_->limits.header_bytes_max) + " bytes."});
  } else if (error == http::error::body_limit) {
    refuse({.status = http::status::payload_too_large,
            .detail = "The request's body is longer than " +
                      std::to_string(set_->limits.body_bytes_max) + " bytes."});
  } else {
    refuse({.status = http::status::bad_request,
            .detail = "This is no valid HTTP/1.1 request: " + error.message() + "."});
  }
}

void Session::send(Response response) {
  response_ = std::move(response);
  if (set_->is_stopping) {
    response_.keep_alive(false);
  }
  stream_.expires_after(set_->limits.write_timeout);
  http::async_write(stream_, response_, [self = shared_from_this()](ErrorCode error, std::size_t) {
    const bool goes_on = self->response_.keep_alive();
    self->response_ = {};
    if (error) {
      self->stream_.close();
    } else if (goes_on && !self->set_->is_stopping) {
      self->read_header();
    } else {
      self->close_gently();
    }
  });
}

asio::ip::tcp::socket Session::release_socket() {
  return stream_.release_socket();
}

void Session::close_gently() {
  is_answering_ = false;  // A stop need not wait for the client to close.
  ErrorCode ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(set_->limits.close_timeout);
  discard();
}

void Session::discard() {
  buffer_.clear();
  stream_.async_read_some(
      buffer_.prepare(4096), [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
        self->discarded_ += bytes;
        if (error || self->discarded_ > self->set_->limits.discarded_bytes_max) {
          self->stream_.close();
        } else {
          self->discard();
        }
      });
}

}  // namespace regstream::net
