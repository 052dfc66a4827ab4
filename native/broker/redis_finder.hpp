#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include <regstream/broker/redis_options.hpp>

#include "broker/redis_failure.hpp"

namespace regstream::broker {

/// Finds the server that has the history, for owners of their own connections: `ServerFinder` with
/// its socket and its timer. A fixed address is known at once, and never changes.
class RedisFinder {
 public:
  /// Called on the context's thread, never during a call of this class, and not after its
  /// destruction. Each may destroy it.
  struct Handlers {
    std::function<void()> on_moved;                       ///< `primary` has changed.
    std::function<void(const RedisFailure&)> on_failure;  ///< All were asked in vain.
  };

  RedisFinder(boost::asio::io_context& context, const RedisOptions& options, Handlers handlers);
  RedisFinder(const RedisFinder&) = delete;
  RedisFinder& operator=(const RedisFinder&) = delete;
  ~RedisFinder();

  /// Empty: not found yet. `on_moved` follows.
  [[nodiscard]] std::optional<RedisAddress> primary() const;
  /// The server there can't be used, or is not a primary: asks again.
  void doubt();

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::broker
