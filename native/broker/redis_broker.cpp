#include <regstream/broker/redis_broker.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>

#include "broker/history/history_follower.hpp"
#include "broker/history/publish_queue.hpp"
#include "broker/history_call.hpp"
#include "broker/outage_log.hpp"
#include "broker/random_key.hpp"
#include "broker/redis_link.hpp"

namespace regstream::broker {
namespace {

Instant now() {
  return Instant{
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

/// Redis keeps a key from when it ran the script, which is later than when it was sent; the rest is
/// for what the last sending takes.
Duration resend_max(const RedisOptions& options) {
  const auto lifetime = bounded(options.history).key_lifetime;
  return lifetime - std::min(options.timing.reply_timeout, lifetime / 2);
}

}  // namespace

/// Lives on the broker's thread, but for what is atomic. A handler of a publish may destroy the
/// broker: the links' handlers hold it until they return.
class RedisBroker::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(boost::asio::io_context& context, const RedisOptions& options,
                 PublishLimits limits)
      : context_(context),
        options_(options),
        calls_(options.history),
        queue_(limits, resend_max(options)),
        log_(redis_address(options)),
        own_key_(random_key()) {}

  void start() {
    caller_ = make_link(
        options_.seed, [](Implementation& self) { self.call(Answer::digest, self.calls_.load()); },
        [](Implementation& self, const redisReply& reply) { self.on_answer(reply); },
        [](Implementation& self) { self.on_caller_down(); });
  }

  void subscribe(Subscriber& subscriber) {
    subscriber_ = &subscriber;
    is_connected_ = false;
    listener_ = make_link(
        ~options_.seed,
        [](Implementation& self) {
          // Where the history ends just before the channel is heard. This may come before the other
          // connection has loaded the script.
          const HistoryCalls calls{self.options_.history};
          self.listener_->send(calls.open(self.follower_.known()));
          self.listener_->send({"SUBSCRIBE", channel_name});
          self.listener_->send({"SUBSCRIBE", adopted_channel_name});
        },
        [](Implementation& self, const redisReply& reply) { self.on_listener_reply(reply); },
        [](Implementation& self) {
          self.position_.reset();
          self.channels_heard_ = 0;
          self.follower_.on_unsubscribed();
          self.advance();
        });
    waiter_ = make_link(
        options_.seed + 1,
        [](Implementation& self) {
          self.follower_.on_awaitable();
          self.advance();
        },
        [](Implementation& self, const redisReply& reply) { self.on_awaited(reply); },
        [](Implementation& self) {
          self.follower_.on_not_awaitable();
          self.advance();
        });
  }

  void catch_up() {
    follower_.catch_up();
    boost::asio::post(context_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->advance();
      }
    });
  }

  /// The broker is being destroyed, perhaps by a handler that is running now.
  void stop() {
    is_stopped_ = true;
    if (const std::size_t count = queue_.waiting() + queue_.in_flight(); count > 0) {
      spdlog::warn("stopped before redis acknowledged all updates ({}): they may be lost", count);
    }
  }

  void post_publish(std::string message, std::string key, PublishHandler done) {
    boost::asio::post(context_, [weak = weak_from_this(), message = std::move(message),
                                 key = std::move(key), done = std::move(done)]() mutable {
      if (const auto self = weak.lock()) {
        self->publish(std::move(message), std::move(key), std::move(done));
      }
    });
  }

  [[nodiscard]] bool is_connected() const { return is_connected_; }
  [[nodiscard]] std::uint64_t malformed() const { return follower_.counts().malformed; }

 private:
  static constexpr int channels_count = 2;

  /// What the calling connection is to answer next.
  enum class Answer : std::uint8_t { digest, id, page, adoption };

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

  void publish(std::string message, std::string key, PublishHandler done) {
    if (key.empty()) {
      key = own_key_ + '-' + std::to_string(++own_keys_);
    }
    if (auto error = queue_.push(std::move(message), std::move(key), done)) {
      log_.refused(error->what);
      if (done) {
        done(std::move(*error));
      }
      return;
    }
    send_waiting();
  }

  void call(Answer answer, const Command& command) {
    due_.push_back(answer);
    caller_->send(command);
  }

  void send_waiting() {
    while (is_callable_) {
      const bool is_alone = queue_.in_flight() == 0;
      const auto* const publish = queue_.take(now());
      if (publish == nullptr) {
        return;
      }
      call(Answer::id, calls_.publish(follower_.known(), publish->key, publish->message,
                                      is_alone ? std::string_view{} : sent_key_));
      sent_key_ = publish->key;
    }
  }

  void on_answer(const redisReply& reply) {
    const Answer answer = due_.front();
    due_.pop_front();
    const bool is_error = reply.type == REDIS_REPLY_ERROR;
    if (is_script_unknown(reply) || is_out_of_order(reply)) {
      // Somebody flushed Redis. Whatever was called then is called again, in order.
      caller_->give_up(flushed_failure(options_));
      return;
    }
    if (answer == Answer::id) {
      on_published(reply);
      return;
    }
    if (is_error) {
      caller_->give_up(reply_failure(options_, reply_text(reply)));
      return;
    }
    switch (answer) {
      case Answer::digest:
        on_callable(reply);
        return;
      case Answer::page:
        on_page(reply);
        return;
      case Answer::adoption:
        follower_.on_adopted(read_id(reply));
        advance();
        return;
      case Answer::id:
        return;
    }
  }

  void on_callable(const redisReply& reply) {
    calls_.use_digest(std::string{reply_text(reply)});
    is_callable_ = true;
    waited_ = queue_.waiting();
    follower_.on_callable();
    send_waiting();
    advance();
  }

  void on_page(const redisReply& reply) {
    auto page = read_page(reply);
    if (!page) {
      caller_->give_up(not_redis_failure(options_));
      return;
    }
    follower_.on_page(std::move(*page));
    advance();
  }

  void on_published(const redisReply& reply) {
    const auto done = queue_.answered();
    if (const auto id = read_id(reply)) {
      follower_.learn(*id);
      send_waiting();
      if (done) {
        done(*id);
      }
      return;
    }
    auto failure = reply_failure(options_, reply_text(reply));
    log_.refused(failure.what);
    send_waiting();
    if (done) {
      done(PublishError{std::move(failure.what)});
    }
  }

  void on_caller_down() {
    is_callable_ = false;
    due_.clear();
    queue_.lost();
    follower_.on_not_callable();
    advance();
    const auto handlers = queue_.expired(now());
    if (!handlers.empty()) {
      log_.unknown(handlers.size());
    }
    for (const auto& done : handlers) {
      if (done && !is_stopped_) {
        done(PublishError{"the update was sent to redis at " + redis_address(options_) +
                          ", but its acknowledgement was lost, and redis did not come back in "
                          "time: whether subscribers heard it is not known"});
      }
    }
  }

  /// The end of the history, and then that each of the channels is heard.
  void on_listener_reply(const redisReply& reply) {
    if (reply.type == REDIS_REPLY_ERROR) {
      listener_->give_up(reply_failure(options_, reply_text(reply)));
      return;
    }
    if (!position_) {
      position_ = read_id(reply);
      if (!position_) {
        listener_->give_up(not_redis_failure(options_));
      }
      return;
    }
    if (++channels_heard_ == channels_count) {
      follower_.on_subscribed(*position_);
      advance();
    }
  }

  void on_awaited(const redisReply& reply) {
    auto entries = read_awaited(reply);
    if (!entries) {
      const bool is_error = reply.type == REDIS_REPLY_ERROR;
      waiter_->give_up(is_error ? reply_failure(options_, reply_text(reply))
                                : not_redis_failure(options_));
      return;
    }
    follower_.on_awaited(std::move(*entries));
    advance();
  }

  void on_message(std::string_view message) {
    const auto before = follower_.counts();
    follower_.on_message(message);
    log_counts(before);
    advance();
  }

  /// Does what the follower wants, until it wants nothing.
  void advance() {
    const auto before = follower_.counts();
    while (auto action = follower_.poll()) {
      std::visit([this](auto& wanted) { act(wanted); }, *action);
    }
    log_counts(before);
    is_connected_ = listener_ ? follower_.is_caught_up() : is_callable_;
    const bool was_connected = std::exchange(was_connected_, is_connected_);
    if (is_connected_ && !was_connected) {
      log_.back(std::exchange(waited_, 0));
    }
  }

  void act(const BeginHistory& begin) { subscriber_->on_history(begin.position); }
  void act(const TellMessage& told) { subscriber_->on_message(told.id, told.message); }
  void act(const GoLive& /*live*/) { subscriber_->on_live(); }
  void act(const CaughtUp& /*caught_up*/) { subscriber_->on_caught_up(); }
  void act(const ReadHistory& read) { call(Answer::page, calls_.read(follower_.known(), read)); }
  void act(const AwaitHistory& await) { waiter_->send(HistoryCalls::await(await)); }
  void act(const Adopt& adopt) { call(Answer::adoption, calls_.adopt(follower_.known(), adopt)); }

  void log_counts(const FollowerCounts& before) {
    const auto& counts = follower_.counts();
    if (counts.malformed != before.malformed) {
      log_.malformed(counts.malformed);
    }
    if (counts.forged != before.forged) {
      log_.forged(counts.forged);
    }
    if (counts.dropped != before.dropped) {
      log_.dropped(counts.dropped);
    }
  }

  boost::asio::io_context& context_;
  const RedisOptions options_;
  HistoryCalls calls_;
  HistoryFollower follower_;
  PublishQueue queue_;
  OutageLog log_;
  const std::string own_key_;  // Publishes without a key have this one and a number.
  std::uint64_t own_keys_ = 0;
  std::string sent_key_;  // Of the publish that was sent last.
  std::shared_ptr<RedisLink> caller_;
  std::deque<Answer> due_;
  bool is_callable_ = false;
  std::size_t waited_ = 0;  // Publishes, when the script could be called again.
  Subscriber* subscriber_ = nullptr;
  std::shared_ptr<RedisLink> listener_;  // Null until somebody subscribes.
  std::shared_ptr<RedisLink> waiter_;    // For the history's next entry; null until then as well.
  std::optional<EventId> position_;      // The history's end when it began to listen.
  int channels_heard_ = 0;
  bool was_connected_ = false;
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

void RedisBroker::publish(std::string message, std::string key, PublishHandler done) {
  implementation_->post_publish(std::move(message), std::move(key), std::move(done));
}

void RedisBroker::subscribe(Subscriber& subscriber) {
  implementation_->subscribe(subscriber);
}

void RedisBroker::catch_up() {
  implementation_->catch_up();
}

bool RedisBroker::is_connected() const {
  return implementation_->is_connected();
}

std::uint64_t RedisBroker::malformed() const {
  return implementation_->malformed();
}

}  // namespace regstream::broker
