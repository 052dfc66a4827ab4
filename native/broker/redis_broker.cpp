#include <regstream/broker/redis_broker.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include "broker/deployment_watch.hpp"
#include "broker/history/history_session.hpp"
#include "broker/history_names.hpp"
#include "broker/monotonic_clock.hpp"
#include "broker/outage_log.hpp"
#include "broker/random_key.hpp"
#include "broker/redis_connection.hpp"
#include "broker/redis_failure.hpp"
#include "broker/redis_links.hpp"
#include "broker/reserved_wait.hpp"
#include "broker/round_trips.hpp"
#include "broker/server_check.hpp"
#include "broker/topology_call.hpp"
#include "log/log.hpp"

namespace regstream::broker {
namespace {

HistorySessionOptions session_options(const RedisOptions& options, const PublishLimits& limits) {
  return {.workflow = options.workflow,
          .timing = options.timing,
          .finder = finder_options(options),
          .replicas = {.count = options.wait_replicas, .timeout = options.wait_timeout},
          .key_lifetime = bounded(options.history).key_lifetime,
          .publishes = limits,
          .publisher_name = random_key(),
          .seed = options.seed};
}

}  // namespace

/// The session's sockets, its timer and its log. Lives on the broker's thread, except for atomics.
/// A publish's handler may destroy the broker: `input` keeps this alive until it returns.
class RedisBroker::Implementation : public std::enable_shared_from_this<Implementation> {
  using Clock = std::chrono::steady_clock;

 public:
  Implementation(boost::asio::io_context& context, const RedisOptions& options,
                 PublishLimits limits)
      : context_(context),
        options_(options),
        names_(options.workflow->channel),
        session_(session_options(options, limits)),
        log_(redis_address(options), *options.workflow),
        server_(redis_address(options)),
        deployments_(options.deployment, redis_address(options), names_.deployments()),
        links_(context, options_, names_, deployments_),
        timer_(context),
        beginning_(context) {}

  void start() { begin_after(Duration::zero()); }

  void subscribe(Subscriber& subscriber) {
    subscriber_ = &subscriber;
    session_.follow();
    is_connected_ = false;
    post([](Implementation& /*self*/) {});
  }

  void catch_up() {
    session_.catch_up();
    post([](Implementation& /*self*/) {});
  }

  /// The broker is being destroyed, perhaps by a running handler.
  void stop() {
    is_stopped_ = true;
    const PublishQueue& queue = session_.queue();
    if (const std::size_t count = queue.waiting() + queue.in_flight(); count > 0) {
      log_.stopped(count);
    }
  }

  void post_publish(Publication publication, Patience patience) {
    post([publication = std::move(publication), patience](Implementation& self) mutable {
      self.publish(publication, patience);
    });
  }
  /// One input for all of them: the session sends them together afterwards.
  void post_publish(std::vector<Publication> publications, Patience patience) {
    post([publications = std::move(publications), patience](Implementation& self) mutable {
      for (Publication& publication : publications) {
        self.publish(publication, patience);
      }
    });
  }

  [[nodiscard]] bool is_connected() const { return is_connected_; }
  [[nodiscard]] const DroppedCounts& dropped() const { return session_.follower().counts(); }
  [[nodiscard]] const Obstacles& obstacles() const { return session_.obstacles(); }
  [[nodiscard]] std::string loss_reason() const { return server_.loss_reason(); }
  [[nodiscard]] ServerHealth server_health() const {
    const Instant now = monotonic_now();
    ServerHealth health{.away_for = std::nullopt,
                        .round_trip = round_trips_.last(),
                        .round_trip_max = round_trips_.longest(now),
                        .maxmemory_policy = server_.maxmemory_policy(),
                        .evicts = server_.evicts(),
                        .memory_used = server_.memory_used(),
                        .memory_max = server_.memory_max(),
                        .other_deployments = deployments_.others()};
    if (const auto since = log_.away_since()) {
      health.away_for = now - *since;
    }
    return health;
  }

 private:
  // --- Inputs of the session.

  void publish(Publication& publication, Patience patience) {
    try {
      session_.publish(std::move(publication.message), std::move(publication.key),
                       std::move(publication.done), patience);
    } catch (const std::bad_alloc&) {
      if (publication.done) {
        publication.done(PublishError{"out of memory"});
      }
    }
  }

  /// Wraps an input of the session: calls it, and then performs the session's actions. Any of these
  /// may throw. Then everything unfinished is given up, and begun again a little later.
  template <typename Change>
  auto input(Change change) {
    return [weak = weak_from_this(), change = std::move(change)](auto&&... arguments) mutable {
      if (const auto self = weak.lock()) {
        try {
          change(*self, std::forward<decltype(arguments)>(arguments)...);
          self->advance();
        } catch (...) {
          self->recover();
          throw;
        }
      }
    };
  }

  template <typename Change>
  void post(Change change) {
    boost::asio::post(context_, input(std::move(change)));
  }

  void on_reply(LinkRole role, const redisReply& reply) {
    const Link::Due* const due = session_.due(role);
    if (due == nullptr) {
      return;
    }
    const Question question = due->question;
    if (due->is_timed && due->replies_left == 1) {
      measure(role);
    }
    if (role == LinkRole::caller && reply.type != REDIS_REPLY_ERROR) {
      log_.say_ends();
    }
    if (question == Question::server) {
      server_.on_answer(reply);
    } else if (question == Question::deployments) {
      deployments_.on_answer(reply);
    }
    session_.on_reply(role, links_.read(role, *due, reply), monotonic_now());
  }

  void measure(LinkRole role) {
    auto& sent = timed(role);
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - sent.front());
    sent.pop_front();
    const Instant now = monotonic_now();
    const RoundTrips::Change change = round_trips_.on_answer(took, now);
    if (change == RoundTrips::Change::slow) {
      log_.slow(std::chrono::duration_cast<Duration>(took), now);
    } else if (change == RoundTrips::Change::in_time) {
      log_.in_time(now);
    }
  }

  // --- What the session wants.

  void advance() {
    while (!is_stopped_) {
      auto action = session_.poll(monotonic_now());
      if (!action) {
        break;
      }
      std::visit([this](auto& wanted) { this->act(wanted); }, *action);
    }
    is_connected_ = session_.is_connected();
    arm_timer();
  }

  void recover() {
    if (is_stopped_) {
      return;
    }
    session_.on_interrupted(monotonic_now());
    links_.close();
    for (auto& sent : timed_) {
      sent.clear();
    }
    is_connected_ = false;
    if (!is_beginning_) {
      const Instant now = monotonic_now();
      begin_after(time_until(session_.next_deadline().value_or(now), now));
      is_beginning_ = true;
    }
  }

  /// Needs no memory after the first call: Asio reuses the timer place of a connection that was
  /// just closed, or of the wait that has ended.
  void begin_after(Duration pause) {
    beginning_.begin(pause, input([](Implementation& self) { self.is_beginning_ = false; }));
  }

  void act(const Connect& connect) {
    const LinkRole role = connect.link;
    RedisConnection::Handlers handlers{
        .on_ready = input([role](Implementation& self) { self.on_connected(role); }),
        .on_reply = input(
            [role](Implementation& self, const redisReply& reply) { self.on_reply(role, reply); }),
        .on_message = {},
        .on_end = input([role](Implementation& self, const RedisFailure& failure) {
          self.close(role);
          self.session_.on_lost(role, failure, monotonic_now());
        })};
    if (role == LinkRole::listener) {
      handlers.on_message = input([](Implementation& self, std::string_view message) {
        self.session_.on_message(message);
      });
      handlers.on_behind = input([](Implementation& self) { self.session_.on_channel_behind(); });
      handlers.on_drained = input([](Implementation& self) { self.session_.on_channel_drained(); });
    }
    links_.connect(connect, std::move(handlers));
  }
  void on_connected(LinkRole role) {
    if (role == LinkRole::caller) {
      log_.on_connected(links_.address(role));
      server_.on_connected(links_.address(role));
      deployments_.on_connected(links_.address(role));
    }
    session_.on_connected(role, monotonic_now());
  }
  void act(const GiveUp& give_up) { close(give_up.link); }
  void close(LinkRole role) {
    links_.close(role);
    timed(role).clear();
  }

  void act(Call& call) {
    if (call.is_timed) {
      timed(call.link).push_back(Clock::now());
    }
    links_.send(call.link, std::move(call.command));
  }

  void act(const PauseChannel& pause) { links_.pause(pause.pauses); }

  void act(const BeginHistory& begin) { subscriber_->on_history(begin.position); }
  void act(const DeliverMessage& delivery) {
    subscriber_->on_message(delivery.id, delivery.message);
  }
  void act(const GoLive& /*live*/) { subscriber_->on_live(); }
  void act(const CaughtUp& /*caught_up*/) { subscriber_->on_caught_up(); }

  static void act(const PublishEnded& ended) {
    if (ended.done) {
      ended.done(ended.result);
    }
  }

  void act(const SessionFact& fact) {
    if (std::holds_alternative<RedisFollowed>(fact)) {
      server_.on_caught_up();
    }
    log_.on_fact(fact, monotonic_now());
  }

  void arm_timer() {
    const auto deadline = session_.next_deadline();
    if (deadline == armed_) {
      return;
    }
    armed_.reset();
    if (!deadline) {
      timer_.cancel();
      return;
    }
    timer_.expires_after(time_until(*deadline, monotonic_now()));
    timer_.async_wait([on_deadline = input([](Implementation& self) {
                         self.armed_.reset();
                         self.session_.handle_deadline(monotonic_now());
                       })](const boost::system::error_code& error) mutable {
      if (!error) {
        on_deadline();
      }
    });
    armed_ = deadline;  // Last, since the wait may run out of memory.
  }

  std::deque<Clock::time_point>& timed(LinkRole role) {
    return timed_.at(static_cast<std::size_t>(role));
  }

  boost::asio::io_context& context_;
  const RedisOptions options_;
  const HistoryNames names_;
  HistorySession session_;
  OutageLog log_;
  ServerCheck server_;
  DeploymentWatch deployments_;
  RedisLinks links_;
  RoundTrips round_trips_;
  // For each link: when its timed commands were sent.
  std::array<std::deque<Clock::time_point>, link_roles_count> timed_;
  Subscriber* subscriber_ = nullptr;
  boost::asio::steady_timer timer_;
  std::optional<Instant> armed_;  // When the timer expires.
  // Waits for the first turn, and for the next one after an interruption.
  ReservedWait beginning_;
  bool is_beginning_ = true;  // `beginning_` is waiting.
  bool is_stopped_ = false;
  std::atomic<bool> is_connected_ = false;
};

RedisBroker::RedisBroker(boost::asio::io_context& context, const RedisOptions& options,
                         PublishLimits limits)
    : Broker(*options.workflow),
      implementation_(std::make_shared<Implementation>(context, options, limits)) {
  implementation_->start();
}

RedisBroker::~RedisBroker() {
  implementation_->stop();
}

void RedisBroker::publish(std::string message, std::string key, PublishHandler done) {
  implementation_->post_publish({std::move(message), std::move(key), std::move(done)},
                                Patience::waits);
}

void RedisBroker::publish_now(std::string message, std::string key, PublishHandler done) {
  implementation_->post_publish({std::move(message), std::move(key), std::move(done)},
                                Patience::refuses);
}

void RedisBroker::publish_all_now(std::vector<Publication> publications) {
  implementation_->post_publish(std::move(publications), Patience::refuses);
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
