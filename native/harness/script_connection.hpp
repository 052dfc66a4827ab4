#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace regstream::harness {

/// The socket of one connection: writes each piece with a write of its own, and reports when the
/// client goes. On the io_context's one thread. Its pending operations keep it alive.
class ScriptConnection : public std::enable_shared_from_this<ScriptConnection> {
 public:
  /// What happens to the connection. Neither is called after `close` or `abort`, or after the
  /// other.
  struct Events {
    std::function<void()> peer_closed;
    std::function<void()> too_slow;
  };

  ScriptConnection(boost::asio::ip::tcp::socket socket, Events events);

  /// Starts to watch for the client's close.
  void start();
  void send(std::string bytes);
  /// Once everything was sent, closes the sending side, and the rest when the client has read it.
  void close();
  /// Once everything was sent, resets the connection.
  void abort();
  /// Closes at once, and drops what was not sent.
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
  bool has_ended_ = false;  ///< Handlers are not called any more.
  Finish finish_ = Finish::none;
  char unwanted_[1024] = {};
};

}  // namespace regstream::harness
