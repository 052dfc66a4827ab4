#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>

#include "net/exchange.hpp"
#include "net/problem.hpp"
#include "net/request_origin.hpp"
#include "net/router.hpp"

namespace regstream::net {

/// What one client may cost. Each limit bounds something that a hostile or broken client controls.
struct ServerLimits {
  /// Request line and fields. Browsers send 1 to 2 KiB; cookies of other programs on the same host
  /// can add several. More: 431.
  std::size_t header_bytes_max = 16U << 10U;
  /// The largest request of the interface is a registration of some hundred bytes. More: 413.
  std::size_t body_bytes_max = 1U << 20U;
  /// From the first wait for a request to the end of its header, and as long again for its body:
  /// whoever trickles bytes does not hold a session for longer.
  std::chrono::milliseconds read_timeout{30'000};
  /// For sending one answer; the largest are the page's files.
  std::chrono::milliseconds write_timeout{60'000};
  /// For the client to take the last answer and close.
  std::chrono::milliseconds close_timeout{5'000};
  /// Bytes read and dropped after the last answer, so that closing does not reset the connection
  /// before the client has read it. A body that was refused may still be under way.
  std::size_t discarded_bytes_max = 4U << 20U;
  /// Connections at a time; streams leave their session, and do not count. One more takes the place
  /// of whichever has waited longest for a request; where all are being answered: 503.
  std::size_t sessions_max = 2048;
};

class Session;

/// What the sessions of a server share. They may outlive the server, until the io_context goes.
struct SessionSet {
  SessionSet(const Router& routes, ServerLimits session_limits, std::optional<AllowedHosts> hosts)
      : router(routes), limits(session_limits), allowed_hosts(std::move(hosts)) {}

  const Router& router;
  ServerLimits limits;
  std::optional<AllowedHosts> allowed_hosts;  ///< Nothing: origins are not checked.
  std::unordered_set<Session*> sessions;
  std::list<Session*> waiting;  ///< For a request; the one that has waited longest comes first.
  bool is_stopping = false;
  std::function<void()> on_empty;  ///< Called when stopping and the last session has gone.
};

/// One HTTP/1.1 connection: reads a request, has it routed, writes the answer, and begins again. A
/// pipelined request waits in the buffer for its turn.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, std::shared_ptr<SessionSet> set);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  void start();
  /// Closes at once if no answer is due or being sent, else after it.
  void stop();
  /// Closes, since another connection needs the place. Only while it waits for a request.
  void give_way();

  // Called by the exchange, on the server's thread.
  void send(Response response);
  [[nodiscard]] boost::asio::ip::tcp::socket release_socket();

 private:
  using ErrorCode = boost::beast::error_code;

  void read_header();
  void end_wait();
  void on_header(ErrorCode error);
  [[nodiscard]] std::optional<Problem> check_head(const Request& head);
  void read_body();
  void route();
  void refuse(const Problem& problem);
  void on_read_error(ErrorCode error);
  void close_gently();
  void discard();

  boost::beast::tcp_stream stream_;
  std::shared_ptr<SessionSet> set_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  std::optional<Target> target_;  // Of the request whose head was read; nothing: it is invalid.
  Response response_;
  std::optional<std::list<Session*>::iterator> waits_at_;
  bool is_answering_ = false;
  std::size_t discarded_ = 0;
};

}  // namespace regstream::net
