#include <regstream/broker/redis_broker.hpp>

#include <atomic>
#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>

#include "broker/outage_log.hpp"
#include "broker/publish_queue.hpp"
#include "broker/redis_link.hpp"

namespace regstream::broker {

/// Lives on the broker's thread, but for what is atomic. A handler of the user's may destroy the
/// broker: the links' handlers hold it until they return.
class RedisBroker::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(boost::asio::io_context& context, const RedisOptions& options,
                 PublishLimits limits)
      : context_(context), options_(options), queue_(limits), log_(redis_address(options)) {}

  void start() {
    publisher_ = make_link(
        options_.seed, [](Implementation& self) { self.refresh(); },
        [](Implementation& self, const redisReply& reply) { self.on_published(reply); },
        [](Implementation& self) { self.on_publisher_down(); });
  }

  void subscribe(std::function<void(std::string_view)> on_message, std::function<void()> on_gap) {
    on_message_ = std::move(on_message);
    on_gap_ = std::move(on_gap);
    if (!subscriber_) {
      is_connected_ = false;
      subscriber_ = make_link(
          ~options_.seed,
          [](Implementation& self) {
            self.subscriber_->send({"SUBSCRIBE", channel_name});
          },
          [](Implementation& self, const redisReply& reply) { self.on_subscribed(reply); },
          [](Implementation& self) {
            self.is_subscribed_ = false;
            self.refresh();
          });
    }
  }

  /// The broker is being destroyed, perhaps by a handler that is running now.
  void stop() {
    is_stopped_ = true;
    if (const std::size_t count = queue_.waiting() + queue_.in_flight(); count > 0) {
      spdlog::warn("stopped before redis acknowledged all updates ({}): they may be lost", count);
    }
  }

  void post_publish(std::string message, PublishHandler done) {
    boost::asio::post(context_, [weak = weak_from_this(), message = std::move(message),
                                 done = std::move(done)]() mutable {
      if (const auto self = weak.lock()) {
        self->publish(std::move(message), std::move(done));
      }
    });
  }

  [[nodiscard]] bool is_connected() const { return is_connected_; }

 private:
  template <typename OnUp, typename OnReply, typename OnDown>
  std::shared_ptr<RedisLink> make_link(std::uint64_t seed, OnUp on_up, OnReply on_reply,
                                       OnDown on_down) {
    const auto weak = weak_from_this();
    auto link = std::make_shared<RedisLink>(
        context_, options_, seed,
        RedisLink::Handlers{
            .on_up = [weak, on_up] { on_up(*weak.lock()); },
            .on_reply = [weak,
                         on_reply](const redisReply& reply) { on_reply(*weak.lock(), reply); },
            .on_message = [weak](std::string_view message) { weak.lock()->on_message(message); },
            .on_down =
                [weak, on_down](const RedisFailure& failure) {
                  const auto self = weak.lock();
                  self->log_.failed(failure);
                  on_down(*self);
                }});
    link->start();
    return link;
  }

  void publish(std::string message, PublishHandler done) {
    if (auto error = queue_.push(std::move(message), done)) {
      log_.refused(error->what);
      if (done) {
        done(std::move(error));
      }
      return;
    }
    send_waiting();
  }

  /// Both directions are there: whoever publishes through this broker is heard by its subscriber.
  [[nodiscard]] bool is_whole() const {
    return publisher_->is_up() && (!subscriber_ || is_subscribed_);
  }

  void refresh() {
    is_connected_ = subscriber_ ? is_subscribed_ : publisher_->is_up();
    const bool was_whole = std::exchange(was_whole_, is_whole());
    if (was_whole_ && !was_whole) {
      log_.back(queue_.waiting());
      send_waiting();
    }
  }

  void send_waiting() {
    while (is_whole()) {
      const auto message = queue_.take();
      if (!message) {
        return;
      }
      publisher_->send({"PUBLISH", channel_name, *message});
    }
  }

  void on_published(const redisReply& reply) {
    const auto done = queue_.answered();
    send_waiting();
    if (reply.type == REDIS_REPLY_ERROR) {
      auto failure = reply_failure(options_, reply_text(reply));
      log_.refused(failure.what);
      if (done) {
        done(PublishError{std::move(failure.what)});
      }
    } else if (done) {
      done(std::nullopt);
    }
  }

  void on_publisher_down() {
    refresh();
    const auto handlers = queue_.lost();
    if (!handlers.empty()) {
      log_.unknown(handlers.size());
    }
    for (const auto& done : handlers) {
      if (done && !is_stopped_) {
        done(PublishError{"the update was sent to redis at " + redis_address(options_) +
                          ", but the connection was lost before its acknowledgement: whether "
                          "subscribers heard it is not known"});
      }
    }
  }

  void on_subscribed(const redisReply& reply) {
    if (reply.type == REDIS_REPLY_ERROR) {
      subscriber_->give_up(reply_failure(options_, reply_text(reply)));
      return;
    }
    is_subscribed_ = true;
    // Before anything else is heard, or sent and then heard.
    if (std::exchange(was_subscribed_, true) && on_gap_) {
      const auto handler = on_gap_;
      handler();
    }
    if (!is_stopped_) {
      refresh();
    }
  }

  void on_message(std::string_view message) {
    // A copy: the handler may destroy the broker, or subscribe another handler.
    if (const auto handler = on_message_) {
      handler(message);
    }
  }

  boost::asio::io_context& context_;
  const RedisOptions options_;
  PublishQueue queue_;
  OutageLog log_;
  std::function<void(std::string_view)> on_message_;
  std::function<void()> on_gap_;
  std::shared_ptr<RedisLink> publisher_;
  std::shared_ptr<RedisLink> subscriber_;  // Null until somebody subscribes.
  bool is_subscribed_ = false;
  bool was_subscribed_ = false;
  bool was_whole_ = false;
  bool is_stopped_ = false;
  std::atomic<bool> is_connected_ = false;
};

RedisBroker::RedisBroker(boost::asio::io_context& context, const RedisOptions& options,
                         PublishLimits limits)
    : implementation_(std::make_shared<Implementation>(context, options, limits)) {
  implementation_->start();
}

RedisBroker::~RedisBroker() {
  implementation_->stop();
}

void RedisBroker::publish(std::string message, PublishHandler done) {
  implementation_->post_publish(std::move(message), std::move(done));
}

void RedisBroker::subscribe(std::function<void(std::string_view message)> on_message,
                            std::function<void()> on_gap) {
  implementation_->subscribe(std::move(on_message), std::move(on_gap));
}

bool RedisBroker::is_connected() const {
  return implementation_->is_connected();
}

}  // namespace regstream::broker
