#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace regstream::harness {

/// The socket of one connection: writes what it is given, one write for each piece, and tells when
/// the client goes. On the io_context's one thread; its pending operations keep it alive.
class ScriptConnection : public std::enable_shared_from_this<ScriptConnection> {
 public:
  /// What happens to it. Neither is called after `close` or `abort`, nor after the other.
  struct Events {
    std::function<void()> peer_closed;
    std::function<void()> too_slow;
  };

  ScriptConnection(boost::asio::ip::tcp::socket socket, Events events);

  /// Begins to watch for the client's close.
  void start();
  void send(std::string bytes);
  /// Once everything has left: closes the sending side, and the rest when the client has read it.
  void close();
  /// Once everything has left: resets.
  void abort();
  /// Closes at once, and drops what has not left.
  void drop();

 private:
  enum class Finish { none, close, abort };

  void write();
  void read();
  void limit_finish();
  void finish();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer linger_;
  Events events_;
  std::deque<std::string> unsent_;
  std::size_t unsent_bytes_ = 0;
  std::size_t discarded_bytes_ = 0;
  bool is_writing_ = false;
  bool has_ended_ = false;  ///< Nobody is told anything any longer.
  Finish finish_ = Finish::none;
  char unwanted_[1024] = {};
};

}  // namespace regstream::harness
