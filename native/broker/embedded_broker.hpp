#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

#include <regstream/broker/broker.hpp>

namespace regstream::broker {

/// The channel inside one process, for a gateway that needs no Redis.
class EmbeddedBroker final : public Broker {
 public:
  /// The thread that runs `context` is the broker's thread.
  explicit EmbeddedBroker(boost::asio::io_context& context);
  /// On the broker's thread, or after it has ended. Messages that wait are dropped with their
  /// handlers.
  ~EmbeddedBroker() override;

  void publish(std::string message, PublishHandler done) override;
  /// There are no gaps within one process.
  void subscribe(std::function<void(std::string_view message)> on_message,
                 std::function<void()> on_gap) override;
  [[nodiscard]] bool is_connected() const override { return true; }

 private:
  struct Subscriber;
  boost::asio::io_context& context_;
  std::shared_ptr<Subscriber> subscriber_;
};

}  // namespace regstream::broker
