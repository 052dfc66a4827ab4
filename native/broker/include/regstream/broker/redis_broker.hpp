#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

#include <regstream/broker/broker.hpp>
#include <regstream/broker/publish_limits.hpp>
#include <regstream/broker/redis_options.hpp>

namespace regstream::broker {

/// The channel in Redis, by two connections that come back by themselves: one is subscribed (Redis
/// takes no other commands there), one publishes.
///
/// While Redis is away, publishes wait in order within `PublishLimits`, and are sent once this
/// broker hears the channel again, so that its own subscriber misses none of them. One whose
/// acknowledgement was lost is not sent again: `done` says that nobody knows.
///
/// Pub/Sub has no memory: what others publish while this broker is away, it never hears. When it
/// hears the channel again, it says so by `on_gap`.
class RedisBroker final : public Broker {
 public:
  /// Connects as soon as `context` runs; never fails, but retries, and logs by spdlog.
  RedisBroker(boost::asio::io_context& context, const RedisOptions& options,
              PublishLimits limits = {});
  /// On the broker's thread, or after it has ended. Handlers of publishes under way are dropped.
  ~RedisBroker() override;

  void publish(std::string message, PublishHandler done) override;
  void subscribe(std::function<void(std::string_view message)> on_message,
                 std::function<void()> on_gap) override;

  /// Callable from any thread.
  [[nodiscard]] bool is_connected() const override;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::broker
