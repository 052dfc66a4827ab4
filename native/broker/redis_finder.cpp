#include "broker/redis_finder.hpp"

#include <utility>
#include <variant>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "broker/history/link.hpp"
#include "broker/history/session_action.hpp"
#include "broker/history_names.hpp"
#include "broker/monotonic_clock.hpp"
#include "broker/redis_connection.hpp"
#include "broker/topology/server_finder.hpp"
#include "broker/topology_call.hpp"

namespace regstream::broker {

/// The machine decides. A handler may destroy the owner, and with it this.
class RedisFinder::Implementation : public std::enable_shared_from_this<Implementation> {
  /// Wraps an input of the machine: calls it, and then performs the machine's actions.
  template <typename Change>
  auto input(Change change) {
    return [weak = weak_from_this(), change = std::move(change)](auto&&... arguments) {
      if (const auto self = weak.lock(); self && !self->is_stopped_) {
        change(*self, arguments...);
        self->advance();
      }
    };
  }

 public:
  Implementation(boost::asio::io_context& context, const RedisOptions& options, Handlers handlers)
      : context_(context),
        options_(options),
        handlers_(std::move(handlers)),
        login_(options.sentinels.empty() ? RedisLogin::server : RedisLogin::sentinel),
        calls_(options.master_name, HistoryNames{options.workflow->channel}.history()),
        finder_(finder_options(options), options.timing, options.seed),
        timer_(context) {}

  void start() {
    finder_.open();
    if (finder_.may_move()) {
      boost::asio::post(context_, input([](Implementation& /*self*/) {}));
    }
  }

  void stop() {
    is_stopped_ = true;
    connection_.reset();
    timer_.cancel();
  }

  [[nodiscard]] const std::optional<RedisAddress>& primary() const { return finder_.primary(); }

  void doubt() {
    if (finder_.may_move()) {
      boost::asio::post(context_,
                        input([](Implementation& self) { self.finder_.doubt(monotonic_now()); }));
    }
  }

 private:
  void advance() {
    while (const auto action = finder_.poll(monotonic_now())) {
      if (const auto* const connect = std::get_if<Connect>(&*action)) {
        this->connect(connect->address);
      } else if (const auto* const call = std::get_if<Call>(&*action)) {
        send(call->command);
      } else {
        connection_.reset();
      }
    }
    arm_timer();
    if (finder_.take_move()) {
      handlers_.on_moved();
    } else if (const auto failure = finder_.take_failure()) {
      handlers_.on_failure(*failure);
    }
  }

  void connect(const RedisAddress& address) {
    peer_.emplace(options_, address, login_);
    connection_ = std::make_unique<RedisConnection>(
        context_, options_, address,
        RedisConnection::Handlers{
            .on_ready =
                input([](Implementation& self) { self.finder_.on_connected(monotonic_now()); }),
            .on_reply =
                input([](Implementation& self, const redisReply& reply) { self.on_reply(reply); }),
            .on_message = {},
            .on_end = input([](Implementation& self, const RedisFailure& failure) {
              self.connection_.reset();
              self.finder_.on_lost(failure, monotonic_now());
            })},
        login_);
  }

  void send(const HistoryCommand& command) {
    const auto words = std::holds_alternative<AskSentinel>(command)
                           ? calls_.words(AskSentinel{})
                           : TopologyCalls::words(AskSlots{});
    for (const Command& each : words) {
      connection_->send(each);
    }
  }

  void on_reply(const redisReply& reply) {
    if (const Link::Due* const due = finder_.link().due()) {
      finder_.on_reply(calls_.read(due->question, due->replies_left, reply, *peer_),
                       monotonic_now());
    }
  }

  void arm_timer() {
    const auto deadline = finder_.next_deadline();
    if (!deadline) {
      return;
    }
    timer_.expires_after(time_until(*deadline, monotonic_now()));
    timer_.async_wait([on_due = input([](Implementation& /*self*/) {})](
                          const boost::system::error_code& cancelled) {
      if (!cancelled) {
        on_due();
      }
    });
  }

  boost::asio::io_context& context_;
  const RedisOptions options_;
  const Handlers handlers_;
  const RedisLogin login_;
  const TopologyCalls calls_;
  ServerFinder finder_;
  std::optional<RedisPeer> peer_;  // The connection's peer.
  std::unique_ptr<RedisConnection> connection_;
  boost::asio::steady_timer timer_;
  bool is_stopped_ = false;
};

RedisFinder::RedisFinder(boost::asio::io_context& context, const RedisOptions& options,
                         Handlers handlers)
    : implementation_(std::make_shared<Implementation>(context, options, std::move(handlers))) {
  implementation_->start();
}

RedisFinder::~RedisFinder() {
  implementation_->stop();
}

std::optional<RedisAddress> RedisFinder::primary() const {
  return implementation_->primary();
}

void RedisFinder::doubt() {
  implementation_->doubt();
}

}  // namespace regstream::broker
