#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include <regstream/broker/redis_options.hpp>

#include "broker/redis_failure.hpp"
#include "broker/resp.hpp"

namespace regstream::broker {

/// One connection to Redis, from the look-up of its name to its end. It does not reconnect. An
/// exception, of a handler or for lack of memory, ends this connection and then leaves the
/// context's `run`.
///
/// hiredis' own asynchronous API is not used: its name look-up blocks, and it swallows the answer
/// to a PING on a subscribed connection, which is needed to notice a half-open connection. Its
/// parser is used.
class RedisConnection {
 public:
  /// All are called on the context's thread, never during a call of this class, and not after the
  /// connection was destroyed. Each may destroy the connection.
  struct Handlers {
    std::function<void()> on_ready;                    ///< Connected, authenticated, and answering.
    std::function<void(const redisReply&)> on_reply;   ///< A reply to `send`, in order. Errors too.
    std::function<void(std::string_view)> on_message;  ///< A message of the subscribed channel.
    /// Redis buffers data, or may do so: if the connection ends before `on_drained`, it may be
    /// lost.
    std::function<void()> on_behind = {};
    /// Everything that Redis buffered when it was last asked, after a pause or `on_behind`, has
    /// arrived.
    std::function<void()> on_drained = {};
    std::function<void(const RedisFailure&)> on_end;  ///< Called once, and last.
  };

  /// Connects to `address`, whatever host `options` names.
  RedisConnection(boost::asio::io_context& context, const RedisOptions& options,
                  const RedisAddress& address, Handlers handlers,
                  RedisLogin login = RedisLogin::server);
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;
  ~RedisConnection();

  /// Sends a command. Call it once ready. Does nothing after the end.
  void send(std::initializer_list<std::string_view> command);
  void send(const Command& command);

  /// Stops reading, so that Redis buffers what it sends; or reads again. During a pause no reply
  /// counts as late, and the end of the connection is not noticed.
  void pause(bool pauses);

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::broker
