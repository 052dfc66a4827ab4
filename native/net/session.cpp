#include "net/session.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/write.hpp>

#include "log/log.hpp"
#include "net/common_fields.hpp"
#include "net/request_head.hpp"
#include "net/request_origin.hpp"
#include "net/steady_now.hpp"
#include "net/target.hpp"

namespace regstream::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

// The buffer of a session that waits for a request. A body is read in larger pieces.
constexpr std::size_t head_read_bytes = 512;
constexpr std::size_t body_read_bytes = 16U << 10U;

// Some clients send an empty line after a body (RFC 9112, 2.2).
constexpr std::size_t empty_lines_max = 4;

// Brings responses to a session's thread, and keeps its io_context running until there is one. It
// passes on its share of the session with the response, so a session is never destroyed on the
// responding thread.
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

  TakenConnection release() override { return std::exchange(session_, nullptr)->release(); }

  void set_route(std::string_view pattern) override { session_->set_route(pattern); }

  [[nodiscard]] const CorsFields* cors() const override { return session_->cors(); }

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<Session> session_;
};

}  // namespace

Session::Session(Transport transport, const asio::ip::address& peer, ClientPlace place,
                 std::shared_ptr<SessionSet> set)
    : transport_(std::move(transport)),
      place_(std::move(place)),
      proxy_(set->places().is_proxy(peer) ? std::optional(peer) : std::nullopt),
      set_(std::move(set)),
      id_(set_->add(*this, set_->places().client_at(peer))),
      buffer_(set_->limits().buffer_bytes_max),
      asked_{.began = steady_now()} {}

Session::~Session() {
  set_->destroyed(id_);
}

// A handshake has a request's place and time limit.
void Session::start() {
  if (transport_.tls() == nullptr) {
    begin_request();
    return;
  }
  enter(SessionState::reading_head);
  transport_.async_handshake(
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_handshake(error); });
}

void Session::on_handshake(ErrorCode error) {
  if (!error) {
    begin_request();
  } else if (transport_.tls()->has_seen_http()) {
    transport_.drop_tls();
    refuse({.status = http::status::bad_request,
            .detail = "This port speaks TLS: use https:// instead of http://."});
  } else {
    close();
  }
}

void Session::stop() {
  if (state_ != SessionState::answering && state_ != SessionState::writing) {
    close();
  }
}

void Session::close() {
  transport_.close();
  place_.reset();
  set_->leave(id_);
}

void Session::enter(SessionState state) {
  state_ = state;
  set_->enter(id_, state);
}

void Session::begin_request() {
  enter(SessionState::reading_head);
  if (buffer_.size() == 0) {
    buffer_.shrink_to_fit();
  }
  if (proxy_) {
    place_.reset();  // The next request may be another client's.
    set_->count_for(id_, std::nullopt);
  }
  empty_lines_ = 0;
  cors_ = nullptr;
  asked_ = {};
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(set_->limits().header_bytes_max));
  parser_->body_limit(set_->limits().body_bytes_max);
  parse();  // A pipelined request may have arrived already.
}

void Session::read() {
  const std::size_t room = buffer_.max_size() - buffer_.size();
  if (room == 0) {
    refuse_overflow();
    return;
  }
  const std::size_t piece =
      std::max(state_ == SessionState::reading_body ? body_read_bytes : head_read_bytes,
               buffer_.capacity() - buffer_.size());
  transport_.async_read_some(buffer_.prepare(std::min(piece, room)),
                             [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
                               if (error) {  // The client has gone, or this session was closed.
                                 self->close();
                                 return;
                               }
                               self->buffer_.commit(bytes);
                               self->set_->progress(self->id_, bytes);
                               self->parse();
                             });
}

void Session::parse() {
  while (buffer_.size() > 0) {
    if (!parser_->got_some() && !skip_empty_lines()) {
      break;
    }
    if (!parser_->got_some()) {
      asked_.began = steady_now();
    }
    const bool had_head = parser_->is_header_done();
    ErrorCode error;
    const std::size_t parsed = parser_->put(buffer_.data(), error);
    if (!had_head) {
      asked_.method = parser_->get().method();  // Known once the request line was read.
    }
    const auto problem = had_head ? std::nullopt : check_field_lines(unread().substr(0, parsed));
    buffer_.consume(parsed);
    if (problem) {
      refuse(*problem);
      return;
    }
    if (error && error != http::error::need_more) {
      refuse_malformed(error);
      return;
    }
    if (!had_head && has_too_many_fields(parser_->get())) {
      refuse_malformed(http::error::header_limit);
      return;
    }
    if (!had_head && parser_->is_header_done()) {
      on_head();
      return;
    }
    if (parser_->is_done()) {
      route();
      return;
    }
    if (error) {
      break;
    }
  }
  if (state_ == SessionState::reading_body && !hold_body()) {
    refuse_busy();
    return;
  }
  read();
}

std::string_view Session::unread() const {
  return {static_cast<const char*>(buffer_.data().data()), buffer_.size()};
}

// False if nothing is left, or half of an empty line. The parser refuses one empty line too many.
bool Session::skip_empty_lines() {
  while (empty_lines_ < empty_lines_max && unread().starts_with("\r\n")) {
    buffer_.consume(2);
    ++empty_lines_;
  }
  return !unread().empty() && (empty_lines_ == empty_lines_max || unread() != "\r");
}

void Session::on_head() {
  if (const auto problem = check_head(parser_->get())) {
    refuse(*problem);
    return;
  }
  if (proxy_ && !enter_as_client(parser_->get())) {
    refuse_client();
    return;
  }
  const bool waits = buffer_.size() == 0 && expects_continue(parser_->get());
  head_ = std::move(parser_->get().base());
  if (parser_->is_done()) {
    route();
    return;
  }
  enter(SessionState::reading_body);
  if (!hold_body()) {
    refuse_busy();
  } else if (waits) {
    send_continue();
  } else {
    parse();
  }
}

bool Session::enter_as_client(const Request& head) {
  const std::optional<ClientAddress> client = set_->places().client_behind(*proxy_, head);
  if (!client) {
    return true;
  }
  std::optional<ClientPlace> place = set_->find_place(*client);
  if (!place) {
    return false;
  }
  place_ = *std::move(place);
  set_->count_for(id_, client);
  return true;
}

std::optional<Problem> Session::check_head(const Request& head) {
  cors_ = set_->cors().find(head);
  if (auto problem = check_request_head(head)) {
    return problem;
  }
  target_ = parse_target(head.target());
  if (!set_->allowed_hosts()) {
    return std::nullopt;
  }
  return check_request_origin(head, target_ ? target_->authority : std::nullopt,
                              *set_->allowed_hosts(), cors_ != nullptr && cors_->is_allowed);
}

void Session::send_continue() {
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(transport_, asio::buffer(go_on),
                    [self = shared_from_this()](ErrorCode error, std::size_t) {
                      if (error) {
                        self->close();
                      } else {
                        self->parse();
                      }
                    });
}

// The announced size counts from the beginning, because the parser allocates it then.
bool Session::hold_body() {
  return set_->hold(id_, std::max<std::size_t>(parser_->get().body().size(),
                                               parser_->content_length().value_or(0)));
}

void Session::route() {
  enter(SessionState::answering);
  Request request(std::move(head_));
  request.body() = std::move(parser_->get().body());
  parser_.reset();
  Exchange exchange(
      std::make_shared<SessionConnection>(transport_.get_executor(), shared_from_this()),
      std::move(request), std::exchange(target_, {}).value_or(Target()));
  try {
    set_->router().route(std::move(exchange));
  } catch (const std::exception& error) {
    // The exchange answered 500 when it was destroyed.
    logging::error("request", "a request's handler failed: {}", error.what());
  }
}

void Session::send(Response response) {
  parser_.reset();
  if (!set_->hold(id_, response.body().size())) {
    refuse_busy();
    return;
  }
  response_ = std::move(response);
  set_cors_fields(response_, cors_);
  if (set_->is_stopping()) {
    response_.keep_alive(false);
  }
  enter(SessionState::writing);
  sent_bytes_ = 0;
  serializer_.emplace(response_);
  write();
}

void Session::write() {
  http::async_write_some(transport_, *serializer_,
                         [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
                           self->sent_bytes_ += bytes;
                           if (error) {
                             self->on_answered(false);
                             self->close();
                             return;
                           }
                           self->set_->progress(self->id_, bytes);
                           if (self->serializer_->is_done()) {
                             self->on_written();
                           } else {
                             self->write();
                           }
                         });
}

void Session::on_answered(bool is_whole) {
  set_->requests().answered(asked_, response_.result(), sent_bytes_, is_whole, steady_now());
}

void Session::on_written() {
  on_answered(true);
  const bool goes_on = response_.keep_alive() && !set_->is_stopping();
  serializer_.reset();
  response_ = {};
  static_cast<void>(set_->hold(id_, 0));
  if (goes_on) {
    begin_request();
  } else {
    close_gently();
  }
}

TakenConnection Session::release() {
  StreamEntryPtr entry = set_->requests().opened(asked_);
  set_->leave(id_);
  return {
      .transport = std::move(transport_), .place = std::move(place_), .entry = std::move(entry)};
}

void Session::close_gently() {
  enter(SessionState::closing);  // A stop doesn't wait for the client to close.
  if (transport_.tls() == nullptr) {
    end_sending();
    return;
  }
  transport_.async_shut_down(
      [self = shared_from_this()](ErrorCode, std::size_t) { self->end_sending(); });
}

void Session::end_sending() {
  ErrorCode ignored;
  transport_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  discard();
}

void Session::discard() {
  buffer_.clear();
  transport_.async_read_some(
      buffer_.prepare(4096), [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
        self->discarded_ += bytes;
        if (error || self->discarded_ > self->set_->limits().discarded_bytes_max) {
          self->close();
        } else {
          self->set_->progress(self->id_, bytes);
          self->discard();
        }
      });
}

}  // namespace regstream::net
