#include "broker/redis_once.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>

#include "broker/history_call.hpp"
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
  bool is_sent = false;
  std::variant<EventId, RedisFailure> result;
  std::optional<RedisConnection> connection;
  connection.emplace(
      context, bounded_options,
      RedisConnection::Handlers{
          .on_ready =
              [&] {
                connection->send(call);
                is_sent = true;
              },
          .on_reply =
              [&](const redisReply& reply) {
                if (const auto id = read_id(reply)) {
                  result = *id;
                } else {
                  result = reply_failure(options, reply_text(reply));
                }
                context.stop();
              },
          .on_message = {},
          .on_end =
              [&](const RedisFailure& end) {
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
