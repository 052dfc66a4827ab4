#include "broker/history/channel_link.hpp"

#include <utility>
#include <variant>

namespace regstream::broker {

ChannelLink::ChannelLink(const HistorySessionOptions& options, HistoryFollower& follower,
                         Readiness& readiness, std::deque<SessionAction>& happened)
    : follower_(follower),
      readiness_(readiness),
      happened_(happened),
      link_(options.timing, ~options.seed),
      gate_(options.timing.backoff, ~options.seed),
      may_move_(options.finder.topology != Topology::fixed) {}

void ChannelLink::on_lost() noexcept {
  is_open_wanted_ = false;
  is_subscription_wanted_ = false;
  is_paused_ = false;
  gate_.on_lost();
  server_.clear();
  follower_.on_unsubscribed();
}

void ChannelLink::say_lost(const RedisFailure& failure) {
  if (failure.kind != RedisFailureKind::renewed) {  // This process closed it itself.
    happened_.emplace_back(RedisFailed{failure});
  }
  readiness_.on_reading_failed(public_reason(failure));
}

std::optional<RedisFailure> ChannelLink::on_reply(HistoryReply&& reply, Instant now) {
  const auto question = link_.on_reply();
  if (!question) {
    return std::nullopt;
  }
  if (question == Question::channel_probe) {
    follower_.on_channel_probed();  // An error is an answer, too.
  } else if (const auto* const refused = std::get_if<Refused>(&reply)) {
    const PassingError* const passing = refused->failure.passing;
    if (question == Question::channels || passing == nullptr || passing->needs_new_connection) {
      return refused->failure;
    }
    gate_.on_refused(now);
    is_open_wanted_ = true;
    follower_.on_unsubscribed();
    say_lost(refused->failure);
  } else if (auto* const opened = std::get_if<HistoryOpened>(&reply);
             opened != nullptr && question == Question::open) {
    gate_.on_accepted();
    position_ = opened->end;
    server_ = std::move(opened->server);
    is_subscription_wanted_ = true;
  } else if (std::holds_alternative<Done>(reply) && question == Question::channels) {
    if (link_.due() == nullptr) {  // The second of two answers.
      follower_.on_subscribed(position_);
    }
  } else {
    return mistyped_failure();
  }
  return std::nullopt;
}

std::optional<HistoryCommand> ChannelLink::poll(Instant now) {
  if (!link_.is_up()) {
    return std::nullopt;
  }
  if (is_open_wanted_ && gate_.may_call(now)) {
    is_open_wanted_ = false;
    gate_.on_called();
    follower_.on_subscribing();
    return ScriptCall{
        .mode = OpenHistory{}, .known = follower_.known(), .is_durable = {}, .may_move = may_move_};
  }
  if (std::exchange(is_subscription_wanted_, false)) {
    return SubscribeChannels{};
  }
  return std::nullopt;
}

std::optional<bool> ChannelLink::poll_pause() {
  const bool pauses = !follower_.may_receive();
  if (!link_.is_up() || std::exchange(is_paused_, pauses) == pauses) {
    return std::nullopt;
  }
  return pauses;
}

std::optional<Instant> ChannelLink::next_deadline(Instant since) const {
  auto deadline = link_.next_deadline();
  if (is_open_wanted_) {
    deadline = gate_.next_deadline();
  }
  return deadline && *deadline > since ? deadline : std::nullopt;
}

}  // namespace regstream::broker
