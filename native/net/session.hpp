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

/// One HTTP/1.1 connection: reads a request, gives it to the router, writes the response, and
/// starts again. A pipelined request waits in the buffer for its turn.
///
/// Its pending operation owns it, or the exchange that it waits for. Whatever ends these, even an
/// exception, closes the connection.
class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `place` is the peer's, or null if the peer is a proxy: then each request finds its own.
  Session(Transport transport, const boost::asio::ip::address& peer, ClientPlace place,
          std::shared_ptr<SessionSet> set);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  void start();
  /// Closes at once, or after the response if one is due or being sent.
  void stop();
  /// Closes at once. Pending operations end silently.
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
  std::optional<boost::asio::ip::address> proxy_;  // The peer, if it is a trusted proxy.
  std::shared_ptr<SessionSet> set_;
  SessionTable::Id id_;
  SessionState state_ = SessionState::reading_head;
  boost::beast::flat_buffer buffer_;
  std::size_t empty_lines_ = 0;
  std::optional<boost::beast::http::request_parser<Body>> parser_;
  // Taken out of the parser before the body is read, because the parser stores trailer fields in
  // the same place.
  Request::header_type head_;
  std::optional<Target>
      target_;  // Of the head that was read. Nothing: it has no path, or is invalid.
  const CorsFields* cors_ = nullptr;  // Of the head that was read.
  Response response_;
  std::optional<boost::beast::http::response_serializer<Body>> serializer_;
  AskedRequest asked_;  // As far as it was read.
  std::size_t sent_bytes_ = 0;
  std::size_t discarded_ = 0;
};

}  // namespace regstream::net
