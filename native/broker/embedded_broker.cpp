#include "broker/embedded_broker.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace regstream::broker {

struct EmbeddedBroker::Subscriber {
  std::function<void(std::string_view)> on_message;
};

EmbeddedBroker::EmbeddedBroker(boost::asio::io_context& context)
    : context_(context), subscriber_(std::make_shared<Subscriber>()) {}

EmbeddedBroker::~EmbeddedBroker() = default;

// Posted from the broker's own thread too: a subscriber that publishes is never re-entered.
void EmbeddedBroker::publish(std::string message, PublishHandler done) {
  boost::asio::post(context_, [weak = std::weak_ptr(subscriber_), message = std::move(message),
                               done = std::move(done)] {
    const auto subscriber = weak.lock();
    if (!subscriber) {
      return;
    }
    if (subscriber->on_message) {
      subscriber->on_message(message);
    }
    if (done) {
      done(std::nullopt);
    }
  });
}

void EmbeddedBroker::subscribe(std::function<void(std::string_view message)> on_message,
                               std::function<void()> /*on_gap*/) {
  subscriber_->on_message = std::move(on_message);
}

}  // namespace regstream::broker
