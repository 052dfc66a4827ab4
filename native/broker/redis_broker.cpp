#include <regstream/broker/redis_broker.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>

#include "broker/channel_link.hpp"
#include "broker/history/history_follower.hpp"
#include "broker/history_call.hpp"
#include "broker/monotonic_clock.hpp"
#include "broker/outage_log.hpp"
#include "broker/readiness.hpp"
#include "broker/redis_link.hpp"
#include "broker/script_link.hpp"
#include "log/dropped.hpp"

namespace regstream::broker {

/// Joins the follower of the history with its three connections. Lives on the broker's thread, but
/// for what is atomic. A handler of a publish may destroy the broker: the links' handlers hold it
/// until they return.
class RedisBroker::Implementation : public std::enable_shared_from_this<Implementation> {
 private:
  /// What happens on a connection: it changes something, and then what the follower wants is done.
  template <typename Change>
  auto handler(Change change) {
    return [weak = weak_from_this(), change](auto&&... arguments) {
      if (const auto self = weak.lock()) {
        const auto before = self->follower_.counts();
        change(*self, std::forward<decltype(arguments)>(arguments)...);
        self->advance(before);
      }
    };
  }

 public:
  Implementation(boost::asio::io_context& context, const RedisOptions& options,
                 PublishLimits limits)
      : context_(context), options_(options), limits_(limits), log_(redis_address(options)) {}

  void start() {
    script_ = std::make_shared<ScriptLink>(
        context_, options_, limits_, follower_, log_, readiness_,
        ScriptLink::Handlers{
            .on_up = handler([](Implementation& self) { self.follower_.on_callable(); }),
            .on_down = handler([](Implementation& self) { self.follower_.on_not_callable(); }),
            .on_page = handler([](Implementation& self, HistoryPage page) {
              self.follower_.on_page(std::move(page));
            }),
            .on_read_refused =
                handler([](Implementation& self) { self.follower_.on_read_refused(); }),
            .on_adopted = handler([](Implementation& self, std::optional<EventId> end) {
              self.follower_.on_adopted(end);
            }),
            .on_adoption_refused =
                handler([](Implementation& self) { self.follower_.on_adoption_refused(); }),
            .on_loss_told = handler(
                [](Implementation& self, EventId end) { self.follower_.on_loss_told(end); }),
            .on_loss_refused =
                handler([](Implementation& self) { self.follower_.on_loss_refused(); }),
            .on_retry = handler([](Implementation& /*self*/) {}),
            .on_primary_found = handler([](Implementation& self) { self.renew_listening(); })});
    script_->start();
  }

  void subscribe(Subscriber& subscriber) {
    subscriber_ = &subscriber;
    is_connected_ = false;
    script_->begin_probing();
    listener_ = std::make_shared<ChannelLink>(
        context_, options_, ~options_.seed,
        ChannelLink::Handlers{
            .known = [weak = weak_from_this()] { return weak.lock()->follower_.known(); },
            .on_heard = handler([](Implementation& self, EventId position) {
              self.follower_.on_subscribed(position);
            }),
            .on_message = handler([](Implementation& self, std::string_view message) {
              self.follower_.on_message(message);
            }),
            .on_behind = handler([](Implementation& self) { self.follower_.on_channel_behind(); }),
            .on_drained =
                handler([](Implementation& self) { self.follower_.on_channel_drained(); }),
            .on_refused = handler([](Implementation& self, const RedisFailure& failure) {
              self.on_not_heard(failure);
            }),
            .on_down = handler([](Implementation& self, const RedisFailure& failure) {
              self.on_not_heard(failure);
              self.follower_.on_unsubscribed();
            })});
    listener_->start();
    waiter_ = std::make_shared<RedisLink>(
        context_, options_, options_.seed + 1,
        RedisLink::Handlers{
            .on_up = handler([](Implementation& self) { self.follower_.on_awaitable(); }),
            .on_reply = handler(
                [](Implementation& self, const redisReply& reply) { self.on_awaited(reply); }),
            .on_message = [](std::string_view /*message*/) {},
            .on_down = handler([](Implementation& self, const RedisFailure& failure) {
              self.log_.not_awaited(failure);
              self.follower_.on_not_awaitable();
            })});
    waiter_->start();
  }

  void catch_up() {
    follower_.catch_up();
    boost::asio::post(context_, handler([](Implementation& /*self*/) {}));
  }

  /// The broker is being destroyed, perhaps by a handler that is running now.
  void stop() { script_->stop(); }

  void post_publish(std::string message, std::string key, PublishHandler done, Patience patience) {
    boost::asio::post(context_, [weak = weak_from_this(), message = std::move(message),
                                 key = std::move(key), done = std::move(done), patience]() mutable {
      if (const auto self = weak.lock()) {
        self->script_->publish(std::move(message), std::move(key), std::move(done), patience);
      }
    });
  }

  [[nodiscard]] bool is_connected() const { return is_connected_; }
  [[nodiscard]] const DroppedCounts& dropped() const { return follower_.counts(); }
  [[nodiscard]] const Obstacles& obstacles() const { return readiness_.obstacles(); }
  [[nodiscard]] std::string loss_reason() const { return script_->server().loss_reason(); }
  [[nodiscard]] ServerHealth server_health() const {
    const Instant now = monotonic_now();
    const RoundTrips& round_trips = script_->round_trips();
    ServerHealth health{.away_for = std::nullopt,
                        .round_trip = round_trips.last(),
                        .round_trip_max = round_trips.longest(now),
                        .maxmemory_policy = script_->server().maxmemory_policy(),
                        .other_deployments = script_->deployments().others()};
    if (const auto since = log_.away_since()) {
      health.away_for = now - *since;
    }
    return health;
  }

 private:
  void on_not_heard(const RedisFailure& failure) {
    log_.failed(failure, monotonic_now());
    readiness_.on_reading_failed(public_reason(failure));
  }

  /// What is heard and waited for comes from the server that takes writes.
  void renew_listening() {
    if (listener_) {
      listener_->renew(renewed_failure(options_));
      waiter_->renew(renewed_failure(options_));
    }
  }

  void on_awaited(const redisReply& reply) {
    auto entries = read_awaited(reply);
    if (entries) {
      log_.awaited();
      follower_.on_awaited(std::move(*entries));
    } else if (reply.type != REDIS_REPLY_ERROR) {
      waiter_->give_up(not_redis_failure(options_));
    } else if (reply_code(reply_text(reply)) == "UNBLOCKED") {
      waiter_->give_up(renewed_failure(options_));  // It has become a replica.
    } else {
      waiter_->give_up(reply_failure(options_, reply_text(reply)));
    }
  }

  /// Does what the follower wants, until it wants nothing.
  void advance(const DroppedCounts& before) {
    follower_.permit(script_->may_read(), script_->may_adopt());
    while (auto action = follower_.poll()) {
      std::visit([this](auto& wanted) { act(wanted); }, *action);
      follower_.permit(script_->may_read(), script_->may_adopt());
    }
    if (listener_) {
      listener_->pause(!follower_.may_hear());
    }
    log_dropped(before);
    is_connected_ = listener_ ? follower_.is_caught_up() : script_->is_up();
    const bool was_connected = std::exchange(was_connected_, is_connected_);
    if (is_connected_) {
      readiness_.on_read();
      if (!was_connected) {
        script_->server().on_caught_up();
        log_.back(script_->take_waited(), monotonic_now());
      }
    }
  }

  void act(const BeginHistory& begin) { subscriber_->on_history(begin.position); }
  void act(const TellMessage& told) { subscriber_->on_message(told.id, told.message); }
  void act(const GoLive& /*live*/) { subscriber_->on_live(); }
  void act(const CaughtUp& /*caught_up*/) { subscriber_->on_caught_up(); }
  void act(const ReadHistory& read) { script_->read(read); }
  void act(const AwaitHistory& await) { waiter_->send(HistoryCalls::await(await)); }
  void act(const Adopt& adopt) { script_->adopt(adopt); }
  void act(const TellLoss& /*loss*/) { script_->tell_loss(); }
  void act(const LeaveChannel& /*leave*/) { listener_->renew(renewed_failure(options_)); }

  void log_dropped(const DroppedCounts& before) {
    const auto& counts = follower_.counts();
    if (const auto refusal = follower_.take_refusal()) {
      logging::warn_dropped(*refusal, "on the channel");
    }
    if (counts.forged != before.forged) {
      log_.forged(counts.forged, follower_.dropped_registration());
    }
    if (counts.overflowing != before.overflowing) {
      log_.overflowing(counts.overflowing);
    }
  }

  boost::asio::io_context& context_;
  const RedisOptions options_;
  const PublishLimits limits_;
  HistoryFollower follower_;
  OutageLog log_;
  Readiness readiness_{"redis has not been reached yet"};
  std::shared_ptr<ScriptLink> script_;
  Subscriber* subscriber_ = nullptr;
  std::shared_ptr<ChannelLink> listener_;  // Null until somebody subscribes.
  std::shared_ptr<RedisLink> waiter_;      // For the history's next entry; null until then as well.
  bool was_connected_ = false;
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
  implementation_->post_publish(std::move(message), std::move(key), std::move(done),
                                Patience::waits);
}

void RedisBroker::publish_now(std::string message, std::string key, PublishHandler done) {
  implementation_->post_publish(std::move(message), std::move(key), std::move(done),
                                Patience::refuses);
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

Obstacles RedisBroker::obstacles() {
  return implementation_->obstacles();
}

std::string RedisBroker::loss_reason() const {
  return implementation_->loss_reason();
}

std::optional<ServerHealth> RedisBroker::server_health() const {
  return implementation_->server_health();
}

DroppedCounts RedisBroker::dropped() const {
  return implementation_->dropped();
}

}  // namespace regstream::broker
