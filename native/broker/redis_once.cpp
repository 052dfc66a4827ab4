#include "broker/redis_once.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "broker/history/refusal_gate.hpp"
#include "broker/history_call.hpp"
#include "broker/monotonic_clock.hpp"
#include "broker/random_key.hpp"
#include "broker/redis_connection.hpp"

namespace regstream::broker {
namespace {

RedisOptions bounded_by(RedisOptions options, Duration timeout) {
  options.timing.connect_timeout = timeout;
  options.timing.reply_timeout = timeout;
  return options;
}

}  // namespace

std::optional<std::string> check_redis(const RedisOptions& options, Duration timeout) {
  boost::asio::io_context context;
  std::optional<RedisFailure> failure;
  const RedisConnection connection{
      context,
      bounded_by(options, timeout),
      {.on_ready = [&context] { context.stop(); },
       .on_reply = {},
       .on_message = {},
       .on_end = [&failure](const RedisFailure& end) { failure = end; }}};
  context.run();
  if (!failure || failure->kind == RedisFailureKind::passing) {
    return std::nullopt;
  }
  return std::move(failure->what);
}

std::variant<EventId, RedisFailure> publish_once(const RedisOptions& options,
                                                 std::string_view message, std::string_view key,
                                                 Duration timeout) {
  const auto bounded_options = bounded_by(options, timeout);
  const auto call = HistoryCalls{options.history}.publish(
      EventId{}, key.empty() ? random_key() : std::string{key}, std::string{message});
  boost::asio::io_context context;
  const Instant deadline = monotonic_now() + timeout;
  RefusalGate gate{options.timing.backoff, options.seed};
  boost::asio::steady_timer retry{context};
  bool is_sent = false;
  std::variant<EventId, RedisFailure> result;
  std::optional<RedisConnection> connection;
  const auto send = [&] {
    gate.on_called();
    connection->send(call);
    is_sent = true;
  };
  /// False: it would be too late then, or of no use on this connection.
  const auto try_later = [&](const RedisFailure& failure) {
    if (failure.passing == nullptr || failure.passing->needs_new_connection) {
      return false;
    }
    is_sent = false;
    gate.on_refused(monotonic_now());
    const Instant next = *gate.next_deadline();
    if (next > deadline) {
      return false;
    }
    retry.expires_after(std::max(Duration::zero(), next - monotonic_now()));
    retry.async_wait([&send](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        send();
      }
    });
    return true;
  };
  connection.emplace(
      context, bounded_options,
      RedisConnection::Handlers{
          .on_ready = send,
          .on_reply =
              [&](const redisReply& reply) {
                if (const auto id = read_id(reply)) {
                  result = *id;
                } else {
                  auto failure = reply_failure(options, reply_text(reply));
                  if (try_later(failure)) {
                    return;
                  }
                  result = std::move(failure);
                }
                context.stop();
              },
          .on_message = {},
          .on_end =
              [&](const RedisFailure& end) {
                retry.cancel();
                result = end;
                if (is_sent) {
                  std::get<RedisFailure>(result).what +=
                      "; the update was sent, and whether subscribers heard it is not known";
                }
              }});
  context.run();
  return result;
}

}  // namespace regstream::broker
