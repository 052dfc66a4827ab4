#include "access/redis_ticket_store.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "access/access_limits.hpp"
#include "broker/history/link.hpp"
#include "broker/history_names.hpp"
#include "broker/monotonic_clock.hpp"
#include "broker/redis_connection.hpp"
#include "broker/redis_finder.hpp"
#include "log/log.hpp"

namespace regstream::access {
namespace {

/// GETDEL would do, but needs Redis 6.2.
constexpr const char* redeem_script =
    "local sealed = redis.call('GET', KEYS[1]) "
    "if sealed then redis.call('DEL', KEYS[1]) end "
    "return sealed";

}  // namespace

/// The link decides when to connect. A handler may destroy the store.
class RedisTicketStore::Implementation : public std::enable_shared_from_this<Implementation> {
  template <typename Change>
  auto input(Change change) {
    return [weak = weak_from_this(), change = std::move(change)](auto&&... arguments) {
      if (const auto self = weak.lock()) {
        change(*self, arguments...);
      }
    };
  }

 public:
  /// Null: no answer came.
  using Answer = std::function<void(const redisReply*)>;

  Implementation(boost::asio::io_context& context, const broker::RedisOptions& options)
      : context_(context),
        options_(options),
        link_(options.timing, options.seed),
        timer_(context) {}

  void start() {
    finder_.emplace(context_, options_,
                    broker::RedisFinder::Handlers{
                        .on_moved = input([](Implementation& self) { self.on_moved(); }),
                        // The broker asks the same servers, and logs it.
                        .on_failure = [](const broker::RedisFailure& /*failure*/) {}});
    link_.open();
    advance();
  }

  void stop() {
    finder_.reset();
    connection_.reset();
    timer_.cancel();
    asked_.clear();
  }

  void ask(broker::Command command, Answer answer) {
    if (!connection_ || asked_.size() >= access_limits.waiting_max) {
      answer(nullptr);
      return;
    }
    asked_.push_back(std::move(answer));
    unsent_.push_back(std::move(command));
    send();
  }

 private:
  /// Another server has the tickets from now on.
  void on_moved() {
    if (connection_) {
      leave();
    }
    link_.hasten();
    advance();
  }

  void advance() {
    const auto address = finder_->primary();
    if (!address) {
      return;  // `on_moved` follows.
    }
    if (link_.poll_connect(broker::monotonic_now())) {
      connection_ = std::make_unique<broker::RedisConnection>(
          context_, options_, *address,
          broker::RedisConnection::Handlers{
              .on_ready = input([](Implementation& self) {
                self.link_.on_connected(broker::monotonic_now());
                self.send();
              }),
              .on_reply = input(
                  [](Implementation& self, const redisReply& reply) { self.on_reply(reply); }),
              .on_message = {},
              .on_end = input([](Implementation& self, const broker::RedisFailure& failure) {
                self.on_end(failure);
              })});
    }
    if (const auto deadline = link_.next_deadline()) {
      timer_.expires_after(time_until(*deadline, broker::monotonic_now()));
      timer_.async_wait([on_due = input([](Implementation& self) { self.advance(); })](
                            const boost::system::error_code& cancelled) {
        if (!cancelled) {
          on_due();
        }
      });
    }
  }

  void send() {
    if (link_.is_up()) {
      for (const broker::Command& command : std::exchange(unsent_, {})) {
        connection_->send(command);
      }
    }
  }

  void on_reply(const redisReply& reply) {
    if (asked_.empty()) {
      return;
    }
    const Answer answer = std::move(asked_.front());
    asked_.pop_front();
    if (reply.type == REDIS_REPLY_ERROR) {
      const auto failure = broker::reply_failure(options_, broker::reply_text(reply));
      logging::warn("tickets refused", "redis refuses a ticket: {}", failure.what);
      if (failure.passing != nullptr && failure.passing->needs_new_connection) {
        finder_->doubt();  // The server may have become a replica, or another node may have the
                           // keys.
      }
      answer(nullptr);
      return;
    }
    answer(&reply);
  }

  void on_end(const broker::RedisFailure& failure) {
    logging::warn("tickets away", "tickets can't be issued or redeemed: {}", failure.what);
    finder_->doubt();
    leave();
    advance();
  }

  /// Questions under way get no answer. Their handlers are called in the loop's next turn, so that
  /// they can't destroy the store during this call.
  void leave() {
    connection_.reset();
    unsent_.clear();
    link_.on_lost(broker::monotonic_now());
    boost::asio::post(context_, [unanswered = std::exchange(asked_, {})] {
      for (const Answer& answer : unanswered) {
        answer(nullptr);
      }
    });
  }

  boost::asio::io_context& context_;
  const broker::RedisOptions options_;
  std::optional<broker::RedisFinder> finder_;
  broker::Link link_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<broker::RedisConnection> connection_;  // Null: away, until the timer expires.
  std::deque<Answer> asked_;             // In the order of the commands, sent or not.
  std::vector<broker::Command> unsent_;  // Until the connection is ready.
};

RedisTicketStore::RedisTicketStore(boost::asio::io_context& context,
                                   const broker::RedisOptions& options)
    : implementation_(std::make_shared<Implementation>(context, options)) {
  implementation_->start();
}

RedisTicketStore::~RedisTicketStore() {
  implementation_->stop();
}

void RedisTicketStore::keep(const Workflow& workflow, const std::string& name, std::string sealed,
                            KeepHandler done) {
  implementation_->ask({"SET", broker::HistoryNames(workflow.channel).ticket(name),
                        std::move(sealed), "PX", std::to_string(ticket_lifetime.count()), "NX"},
                       [done = std::move(done)](const redisReply* reply) {
                         const bool is_kept = reply != nullptr && reply->type == REDIS_REPLY_STATUS;
                         done(is_kept ? KeepResult{TicketKept{}} : KeepResult{StoreAway{}});
                       });
}

void RedisTicketStore::redeem(const Workflow& workflow, const std::string& name,
                              RedeemHandler done) {
  implementation_->ask(
      {"EVAL", redeem_script, "1", broker::HistoryNames(workflow.channel).ticket(name)},
      [done = std::move(done)](const redisReply* reply) {
        if (reply == nullptr) {
          done(StoreAway{});
        } else if (reply->type == REDIS_REPLY_STRING) {
          done(std::string(broker::reply_text(*reply)));
        } else {
          done(NoTicket{});
        }
      });
}

}  // namespace regstream::access
