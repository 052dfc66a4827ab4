#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>

#include "net/client_count.hpp"
#include "net/cors.hpp"
#include "net/exchange.hpp"
#include "net/problem.hpp"
#include "net/request_log.hpp"
#include "net/session_set.hpp"
#include "net/transport.hpp"

namespace regstream::net {

/// One HTTP/1.1 connection: reads a request, has it routed, writes the answer, and begins again. A
/// pipelined request waits in the buffer for its turn.
///
/// It is owned by its pending operation, or by the exchange that it waits for: whatever ends these,
/// an exception as well, closes the connection.
class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `place` is that of `peer`, or null where it is a proxy: then each request finds its own.
  Session(Transport transport, const boost::asio::ip::address& peer, ClientPlace place,
          std::shared_ptr<SessionSet> set);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  void start();
  /// Closes at once if no answer is due or being sent, else after it.
  void stop();
  /// Closes at once; what is pending ends without a word.
  void close();

  // Called by the exchange, on the server's thread.
  void send(Response response);
  [[nodiscard]] TakenConnection release();
  [[nodiscard]] const CorsFields* cors() const { return cors_; }
  void set_route(std::string_view pattern) { asked_.route = pattern; }

 private:
  using ErrorCode = boost::beast::error_code;
  using Body = boost::beast::http::string_body;

  void enter(SessionState state);
  void on_handshake(ErrorCode error);
  void begin_request();
  void read();
  void parse();
  [[nodiscard]] std::string_view unread() const;
  [[nodiscard]] bool skip_empty_lines();
  void on_head();
  [[nodiscard]] std::optional<Problem> check_head(const Request& head);
  void send_continue();
  [[nodiscard]] bool hold_body();
  void route();
  void refuse(Response response);
  void refuse(const Problem& problem);
  void refuse_malformed(ErrorCode error);
  void refuse_overflow();
  void refuse_busy();
  [[nodiscard]] bool enter_as_client(const Request& head);
  void refuse_client();
  void write();
  void on_answered(bool is_whole);
  void on_written();
  void close_gently();
  void end_sending();
  void discard();

  Transport transport_;
  ClientPlace place_;
  std::optional<boost::asio::ip::address> proxy_;  // The peer, if it is a trusted one.
  std::shared_ptr<SessionSet> set_;
  SessionTable::Id id_;
  SessionState state_ = SessionState::reading_head;
  boost::beast::flat_buffer buffer_;
  std::size_t empty_lines_ = 0;
  std::optional<boost::beast::http::request_parser<Body>> parser_;
  // Taken out of the parser before the body is read, which puts trailer fields where these were.
  Request::header_type head_;
  std::optional<Target> target_;      // Of the head that was read. Nothing: no path, or invalid.
  const CorsFields* cors_ = nullptr;  // Of the head that was read.
  Response response_;
  std::optional<boost::beast::http::response_serializer<Body>> serializer_;
  AskedRequest asked_;  // Or what is there of it.
  std::size_t sent_bytes_ = 0;
  std::size_t discarded_ = 0;
};

}  // namespace regstream::net
