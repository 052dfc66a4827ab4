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

/// One connection to Redis, from the look-up of its name to its end. It does not come back. An
/// exception, of a handler or for want of memory, ends this connection, and then leaves the
/// context's `run`.
///
/// hiredis' own asynchronous API is not used: its look-up of names blocks, and it swallows the
/// answer to a PING on a subscribed connection, by which a half-open one is noticed. Its parser is
/// used.
class RedisConnection {
 public:
  /// All are called on the context's thread, never from within a call of this class, and none after
  /// the connection was destroyed. Each may destroy the connection.
  struct Handlers {
    std::function<void()> on_ready;                    ///< Connected, authenticated, and answering.
    std::function<void(const redisReply&)> on_reply;   ///< To a `send`, in order; errors too.
    std::function<void(std::string_view)> on_message;  ///< Of the channel subscribed to.
    /// Redis holds some of what it has to say itself, or may: if the connection ends before
    /// `on_drained`, that may be lost.
    std::function<void()> on_behind = {};
    /// What Redis held when this was asked last, after a pause or `on_behind`, has come.
    std::function<void()> on_drained = {};
    std::function<void(const RedisFailure&)> on_end;  ///< Once, and the last one.
  };

  /// `address` is where to connect, whatever host `options` name.
  RedisConnection(boost::asio::io_context& context, const RedisOptions& options,
                  const RedisAddress& address, Handlers handlers,
                  RedisLogin login = RedisLogin::server);
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;
  ~RedisConnection();

  /// Sends a command, once ready. Does nothing after the end.
  void send(std::initializer_list<std::string_view> command);
  void send(const Command& command);

  /// Reads no further, so that Redis keeps what it has to say; or reads again. No reply counts as
  /// late because of a pause, and no end is noticed in it.
  void pause(bool pauses);

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::broker
