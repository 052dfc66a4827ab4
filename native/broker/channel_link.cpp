#include "broker/channel_link.hpp"

#include <algorithm>
#include <utility>

#include <regstream/broker/broker.hpp>

#include "broker/monotonic_clock.hpp"

namespace regstream::broker {
namespace {

constexpr int channels_count = 2;

}  // namespace

ChannelLink::ChannelLink(boost::asio::io_context& context, const RedisOptions& options,
                         std::uint64_t seed, Handlers handlers)
    : context_(context),
      options_(options),
      seed_(seed),
      handlers_(std::move(handlers)),
      calls_(options.history),
      gate_(options.timing.backoff, seed),
      retry_(context) {}

// A handler may destroy this object; those of the connection hold it until they return.
void ChannelLink::start() {
  const auto weak = weak_from_this();
  link_ = std::make_shared<RedisLink>(
      context_, options_, seed_,
      RedisLink::Handlers{
          .on_up = [weak] { weak.lock()->ask(); },
          .on_reply = [weak](const redisReply& reply) { weak.lock()->on_reply(reply); },
          .on_message =
              [weak](std::string_view message) {
                const auto self = weak.lock();
                self->handlers_.on_message(message);
              },
          .on_behind =
              [weak] {
                const auto self = weak.lock();
                self->handlers_.on_behind();
              },
          .on_drained =
              [weak] {
                const auto self = weak.lock();
                self->handlers_.on_drained();
              },
          .on_down = [weak](const RedisFailure& failure) { weak.lock()->on_down(failure); }});
  link_->start();
}

void ChannelLink::ask() {
  gate_.on_called();
  link_->send(calls_.open(handlers_.known()));
}

void ChannelLink::ask_later() {
  const auto pause = std::max(Duration::zero(), *gate_.next_deadline() - monotonic_now());
  retry_.expires_after(pause);
  retry_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self && !error && self->link_->is_up()) {
      self->ask();
    }
  });
}

void ChannelLink::on_reply(const redisReply& reply) {
  const bool is_error = reply.type == REDIS_REPLY_ERROR;
  if (position_) {
    if (is_error) {
      link_->give_up(reply_failure(options_, reply_text(reply)));
    } else if (++channels_heard_ == channels_count) {
      handlers_.on_heard(*position_);
    }
    return;
  }
  if (is_error) {
    const auto failure = reply_failure(options_, reply_text(reply));
    if (failure.passing == nullptr || failure.passing->needs_new_connection) {
      link_->give_up(failure);
      return;
    }
    gate_.on_refused(monotonic_now());
    ask_later();
    handlers_.on_refused(failure);
    return;
  }
  gate_.on_taken();
  position_ = read_id(reply);
  if (!position_) {
    link_->give_up(not_redis_failure(options_));
    return;
  }
  link_->send({"SUBSCRIBE", channel_name});
  link_->send({"SUBSCRIBE", adopted_channel_name});
}

void ChannelLink::on_down(const RedisFailure& failure) {
  retry_.cancel();
  gate_.on_lost();
  position_.reset();
  channels_heard_ = 0;
  handlers_.on_down(failure);
}

}  // namespace regstream::broker
