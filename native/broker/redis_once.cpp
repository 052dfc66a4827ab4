#include "broker/redis_once.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <regstream/broker/publish_limits.hpp>
#include <regstream/connection/backoff.hpp>

#include "broker/history_call.hpp"
#include "broker/history_names.hpp"
#include "broker/monotonic_clock.hpp"
#include "broker/random_key.hpp"
#include "broker/redis_connection.hpp"
#include "broker/redis_finder.hpp"
#include "broker/topology_call.hpp"

namespace regstream::broker {
namespace {

RedisOptions bounded_by(RedisOptions options, Duration timeout) {
  options.timing.connect_timeout = timeout;
  options.timing.reply_timeout = timeout;
  return options;
}

/// One update, retried until Redis accepts it, refuses it for good, or the time is up.
class SinglePublish {
 public:
  SinglePublish(const RedisOptions& options, std::string_view message, std::string_view key,
                Duration timeout)
      : options_(options),
        call_(HistoryCalls{HistoryNames{options.workflow->channel}, options.history}.words(
            ScriptCall{.mode = PublishBatch{.publisher = random_key(),
                                            .first = 1,
                                            .updates = {{.message = std::string{message},
                                                         .key = std::string{key}}}},
                       .known = {},
                       .is_durable = {},
                       .may_move = finder_options(options).topology != Topology::fixed})),
        replicas_{.count = options.wait_replicas, .timeout = options.wait_timeout},
        deadline_(monotonic_now() + timeout),
        backoff_(options.timing.backoff, options.seed) {}

  std::variant<EventId, RedisFailure> run() {
    finder_.emplace(context_, options_,
                    RedisFinder::Handlers{.on_moved = [this] { on_found(); },
                                          .on_failure =
                                              [this](const RedisFailure& failure) {
                                                if (!connection_ && !try_later(failure)) {
                                                  end();
                                                }
                                              }});
    connect();
    context_.run();
    return std::move(result_);
  }

 private:
  /// Also called later, when another server has become the primary after a doubt.
  void on_found() {
    retry_.cancel();
    connection_.reset();
    is_uncertain_ |= std::exchange(is_sent_, false);
    connect();
  }

  /// Connects once the address is known.
  void connect() {
    const auto address = finder_->primary();
    if (!address) {
      return;
    }
    connection_.emplace(
        context_, bounded_by(options_, std::max(Duration{1}, deadline_ - monotonic_now())),
        *address,
        RedisConnection::Handlers{.on_ready = [this] { send(); },
                                  .on_reply = [this](const redisReply& reply) { on_reply(reply); },
                                  .on_message = {},
                                  .on_end = [this](const RedisFailure& end) { on_end(end); }});
  }

  void send() {
    withheld_.reset();
    connection_->send(call_);
    if (replicas_.count > 0) {
      connection_->send(HistoryCalls::words(replicas_));
    }
    is_sent_ = true;
  }

  /// With replicas, the answer counts once WAIT is answered.
  void on_reply(const redisReply& reply) {
    if (replicas_.count == 0) {
      return on_answer(read_reply(Question::publish, reply, options_));
    }
    if (!withheld_) {
      withheld_ = read_reply(Question::publish, reply, options_);
      return;
    }
    const HistoryReply answer = *std::exchange(withheld_, std::nullopt);
    const HistoryReply waited = read_reply(Question::replicas, reply, options_);
    const auto* const reached = std::get_if<ReplicasReached>(&waited);
    if (!std::holds_alternative<Published>(answer) ||
        (reached != nullptr && reached->count >= replicas_.count)) {
      return on_answer(answer);
    }
    const auto* const refused = std::get_if<Refused>(&waited);
    // The update is in the history, but may be lost with the server.
    is_uncertain_ = true;
    replicas_.lengthen();
    on_refused(refused != nullptr   ? refused->failure
               : reached != nullptr ? unreplicated_failure(reached->count, replicas_.count)
                                    : mistyped_failure());
  }

  void on_answer(const HistoryReply& answer) {
    if (const auto* const published = std::get_if<Published>(&answer);
        published != nullptr && published->results.size() == 1) {
      set_result(published->results.front());
      end();
      return;
    }
    // OUTOFORDER can't be: there is no batch before this one.
    const auto* const refused = std::get_if<Refused>(&answer);
    on_refused(refused != nullptr ? refused->failure : mistyped_failure());
  }

  void on_refused(const RedisFailure& failure) {
    if (failure.kind == RedisFailureKind::not_redis) {
      on_end(failure);  // As if no answer had come.
      return;
    }
    is_sent_ = false;
    const bool stays = failure.kind == RedisFailureKind::unreplicated ||
                       (failure.passing != nullptr && !failure.passing->needs_new_connection);
    if (!stays) {
      connection_.reset();
      finder_->doubt();
    }
    if (!try_later(failure)) {
      end();
    }
  }

  void set_result(const PublishResult& result) {
    if (const auto* const id = std::get_if<EventId>(&result)) {
      result_ = *id;
    } else {
      result_ = RedisFailure{RedisFailureKind::rejected, std::get<PublishError>(result).what};
    }
  }

  void on_end(const RedisFailure& failure) {
    retry_.cancel();
    connection_.reset();
    is_uncertain_ |= std::exchange(is_sent_, false);
    finder_->doubt();
    if (!try_later(failure)) {
      end();
    }
  }

  /// Stops everything, so that `run` returns.
  void end() {
    retry_.cancel();
    connection_.reset();
    finder_.reset();
  }

  /// Retries later, on the current connection or on a new one. False: a retry is useless, or too
  /// late; `failure` is then the result.
  bool try_later(RedisFailure failure) {
    if (is_uncertain_) {
      failure.what += "; the update was sent, and whether subscribers heard it is not known";
    }
    result_ = failure;
    const Instant next = monotonic_now() + backoff_.next_delay(Duration::zero());
    // Where servers may take each other's place, another one may be there soon.
    const bool may_pass =
        failure.passing != nullptr || is_uncertain_ || (may_move_ && may_heal(failure.kind));
    if (!may_pass || next > deadline_) {
      return false;
    }
    retry_.expires_after(std::max(Duration::zero(), next - monotonic_now()));
    retry_.async_wait([this](const boost::system::error_code& cancelled) {
      if (cancelled) {
        return;
      }
      if (connection_) {
        send();
      } else {
        connect();
      }
    });
    return true;
  }

  const RedisOptions& options_;
  const Command call_;
  AwaitReplicas replicas_;
  const Instant deadline_;
  Backoff backoff_;
  boost::asio::io_context context_;
  boost::asio::steady_timer retry_{context_};
  const bool may_move_ = finder_options(options_).topology != Topology::fixed;
  std::optional<RedisFinder> finder_;
  std::optional<RedisConnection> connection_;
  std::optional<HistoryReply> withheld_;  // Kept until WAIT is answered.
  bool is_sent_ = false;                  // And not yet answered.
  bool is_uncertain_ = false;             // Sent without an answer: it may be in the history.
  std::variant<EventId, RedisFailure> result_;
};

struct NamedServers {
  std::vector<RedisAddress> addresses;
  RedisLogin login = RedisLogin::server;
};

/// The servers that the options name: Redis itself, or those that know where it is.
NamedServers named_servers(const RedisOptions& options) {
  if (!options.sentinels.empty()) {
    return {.addresses = options.sentinels, .login = RedisLogin::sentinel};
  }
  if (!options.cluster_nodes.empty()) {
    return {.addresses = options.cluster_nodes};
  }
  return {.addresses = {address_of(options)}};
}

std::optional<RedisFailure> check_server(const RedisOptions& options, const RedisAddress& address,
                                         RedisLogin login) {
  boost::asio::io_context context;
  std::optional<RedisFailure> failure;
  const RedisConnection connection{
      context,
      options,
      address,
      {.on_ready = [&context] { context.stop(); },
       .on_reply = {},
       .on_message = {},
       .on_end = [&failure](const RedisFailure& end) { failure = end; }},
      login};
  context.run();
  return failure;
}

}  // namespace

std::optional<RedisFailure> check_redis(const RedisOptions& options, Duration timeout) {
  const auto [addresses, login] = named_servers(options);
  const Duration share = std::max(Duration{1}, timeout / static_cast<int>(addresses.size()));
  std::optional<RedisFailure> failure;
  for (const RedisAddress& address : addresses) {
    failure = check_server(bounded_by(options, share), address, login);
    if (!failure) {
      break;
    }
  }
  return failure;
}

std::variant<EventId, RedisFailure> publish_once(const RedisOptions& options,
                                                 std::string_view message, std::string_view key,
                                                 Duration timeout) {
  if (const std::string problem = size_problem(message, key); !problem.empty()) {
    throw std::invalid_argument(problem);
  }
  return SinglePublish{options, message, key, timeout}.run();
}

}  // namespace regstream::broker
