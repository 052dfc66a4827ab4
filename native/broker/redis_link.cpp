#include "broker/redis_link.hpp"

#include <chrono>
#include <utility>

namespace regstream::broker {

RedisLink::RedisLink(boost::asio::io_context& context, const RedisOptions& options,
                     std::uint64_t seed, Handlers handlers)
    : context_(context),
      options_(options),
      handlers_(std::move(handlers)),
      backoff_(options.timing.backoff, seed),
      retry_(context) {}

void RedisLink::start() {
  connect();
}

// A handler may destroy the link: whoever calls one touches nothing afterwards.
void RedisLink::connect() {
  connection_ = std::make_unique<RedisConnection>(
      context_, options_,
      RedisConnection::Handlers{
          .on_ready =
              [this] {
                up_since_ = std::chrono::steady_clock::now();
                handlers_.on_up();
              },
          .on_reply = [this](const redisReply& reply) { handlers_.on_reply(reply); },
          .on_message = [this](std::string_view message) { handlers_.on_message(message); },
          .on_behind = handlers_.on_behind,
          .on_drained = handlers_.on_drained,
          .on_end = [this](const RedisFailure& failure) { give_up(failure); }});
}

void RedisLink::send(std::initializer_list<std::string_view> command) {
  if (is_up()) {
    connection_->send(command);
  }
}

void RedisLink::send(const Command& command) {
  if (is_up()) {
    connection_->send(command);
  }
}

void RedisLink::pause(bool pauses) {
  if (connection_) {
    connection_->pause(pauses);
  }
}

void RedisLink::renew(const RedisFailure& reason) {
  if (is_up()) {
    give_up(reason);
  }
}

void RedisLink::give_up(const RedisFailure& failure) {
  connection_.reset();
  if (up_since_ && std::chrono::steady_clock::now() - *up_since_ >= options_.timing.stable_after) {
    backoff_.reset();
  }
  up_since_.reset();
  retry_.expires_after(backoff_.next_delay(Duration::zero()));
  retry_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) {
      self->connect();
    }
  });
  handlers_.on_down(failure);
}

}  // namespace regstream::broker
