#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include <regstream/broker/redis_options.hpp>

#include "broker/redis_failure.hpp"

namespace regstream::broker {

/// Where the server that has the history is, for whoever has connections of his own:
/// `ServerFinder` with its socket and its timer. A fixed address is known at once, and stays.
class RedisFinder {
 public:
  /// On the context's thread, never from within a call of this class, and not after it was
  /// destroyed. Each may destroy it.
  struct Handlers {
    std::function<void()> on_moved;                       ///< `primary` is another one now.
    std::function<void(const RedisFailure&)> on_failure;  ///< Everybody was asked in vain.
  };

  RedisFinder(boost::asio::io_context& context, const RedisOptions& options, Handlers handlers);
  RedisFinder(const RedisFinder&) = delete;
  RedisFinder& operator=(const RedisFinder&) = delete;
  ~RedisFinder();

  /// Empty: not found yet. `on_moved` follows.
  [[nodiscard]] std::optional<RedisAddress> primary() const;
  /// The server there can't be used, or is no primary: others are asked.
  void doubt();

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::broker
