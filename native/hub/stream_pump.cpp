#include "hub/stream_pump.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "hub/cursor.hpp"

namespace regstream::hub {

namespace {

// An older timestamp is made up, or in another unit.
constexpr Duration since_published_max = std::chrono::hours{24};

}  // namespace

StreamPump::StreamPump(StreamPumpOptions options)
    : options_(std::move(options)), hub_(options_.hub), random_(options_.seed) {}

std::optional<DecodeError> StreamPump::on_message(EventId id, std::string_view message,
                                                  const Moment& moment) {
  const std::uint64_t published = hub_.counters().published;
  if (auto error = hub_.publish(id, message, moment.now)) {
    return error;
  }
  if (hub_.is_live() && hub_.counters().published != published) {
    published_timestamp_ms_ = moment.timestamp_ms;
    if (!burst_.heard) {
      burst_ = {.heard = moment.now,
                .published_timestamp_ms = hub_.newest_timestamp_ms(),
                .deliveries_before = hub_.counters().deliveries,
                .marked = hub_.marked()};
    }
  }
  unflushed_bytes_ += message.size();
  if (unflushed_bytes_ > options_.unflushed_bytes_max && has_slice()) {
    is_flush_due_ = true;
  } else {
    wants_flush_ = true;
  }
  return std::nullopt;
}

void StreamPump::on_live(const Moment& moment) {
  wants_flush_ = true;
  hub_.handle_leases(moment.now, moment.timestamp_ms);
  hub_.go_live(moment.timestamp_ms);
}

void StreamPump::on_caught_up(const Moment& moment) {
  wants_flush_ = true;
  hub_.handle_leases(moment.now, moment.timestamp_ms);
  hub_.caught_up(moment.timestamp_ms);
}

std::variant<StreamPlace, StreamRefusal> StreamPump::admit(const SubscriptionRequest& request) {
  if (request.until_final && is_end_cursor(request.cursor)) {
    return StreamRefusal::ended;
  }
  if (refuses_new_) {
    ++streams_refused_draining_;
    return StreamRefusal::draining;
  }
  if (StreamPlace place = options_.streams->enter()) {
    return place;
  }
  ++streams_refused_;
  return StreamRefusal::full;
}

SubscriptionId StreamPump::open(const SubscriptionRequest& request, const Moment& moment) {
  const SubscriptionId id = hub_.subscribe(request, moment.now, moment.timestamp_ms);
  wants_flush_ = true;
  return id;
}

std::size_t StreamPump::withdraw(std::uint64_t key, const Moment& moment) {
  wants_flush_ = true;
  return hub_.withdraw(key, moment.now);
}

Duration StreamPump::drain(Duration within, const Moment& moment) {
  refuses_new_ = true;
  is_draining_ = true;
  is_flush_due_ = true;
  const std::vector<SubscriptionId> open = hub_.subscription_ids();
  is_drained_ = open.empty();
  const std::size_t returning = std::max(open.size(), options_.streams->open());
  const auto spread_ms =
      std::min<std::uint64_t>(std::max<std::size_t>(returning, 1) - 1,
                              static_cast<std::uint64_t>(options_.return_spread_max.count()));
  leaving_.reserve(open.size());
  for (const SubscriptionId id : open) {
    const Duration turn(random_.up_to(spread_ms));
    const Duration stays = std::min(turn, within);
    leaving_.push_back({.ends_at = moment.now + stays, .returns_later = turn - stays, .id = id});
  }
  std::stable_sort(leaving_.begin(), leaving_.end(), [](const Leaving& left, const Leaving& right) {
    return left.ends_at > right.ends_at;
  });
  const Duration longest =
      leaving_.empty() ? Duration::zero() : leaving_.front().ends_at - moment.now;
  end_leaving(moment.now);
  return longest;
}

void StreamPump::end_leaving(Instant now) {
  while (!leaving_.empty() && leaving_.back().ends_at <= now) {
    const Leaving& next = leaving_.back();
    hub_.send_retry(next.id, options_.hub.retry + next.returns_later);
    hub_.end(next.id);
    leaving_.pop_back();
  }
}

void StreamPump::on_deadline(const Moment& moment) {
  // First, since the flush sets the next deadline, whatever fails here.
  armed_.reset();
  wants_flush_ = true;
  end_leaving(moment.now);
  hub_.handle_deadline(moment.now, moment.timestamp_ms);
}

void StreamPump::on_flush_due() {
  flush_is_scheduled_ = false;
  is_flush_due_ = true;
  slice_bytes_ = 0;
  slice_streams_ = 0;
}

void StreamPump::on_flushed(const Moment& moment) {
  if (hub_.polled() < burst_.marked) {
    return;  // The next flush continues it.
  }
  const std::optional<Instant> heard = std::exchange(burst_.heard, std::nullopt);
  if (!heard || hub_.counters().deliveries == burst_.deliveries_before) {
    return;
  }
  delays_.since_heard.add(moment.now - *heard);
  const Duration since_published(moment.timestamp_ms - burst_.published_timestamp_ms);
  if (since_published < since_published_max) {
    delays_.since_published.add(since_published);
  }
}

std::optional<StreamPumpAction> StreamPump::poll() {
  if (std::exchange(is_flush_due_, false)) {
    return Flush{};
  }
  if (std::exchange(wants_flush_, false) && !flush_is_scheduled_) {
    flush_is_scheduled_ = true;
    return ScheduleFlush{};
  }
  if (std::exchange(wants_catch_up_, false)) {
    return CatchUp{};
  }
  if (std::exchange(wants_deadline_, false) && armed_) {
    return SetDeadline{*armed_};
  }
  if (std::exchange(is_drained_, false)) {
    return Drained{};
  }
  return std::nullopt;
}

// False: it had already ended.
bool StreamPump::end(SubscriptionId id) {
  if (!hub_.unsubscribe(id)) {
    return false;
  }
  if (is_draining_ && hub_.subscriptions() == 0) {
    is_drained_ = true;
  }
  return true;
}

void StreamPump::after_flush(Instant now) {
  wants_flush_ = wants_flush_ || !has_slice();
  wants_catch_up_ = hub_.poll_catch_up(now) || wants_catch_up_;
  std::optional<Instant> deadline = hub_.next_deadline();
  if (!leaving_.empty()) {
    deadline = std::min(deadline.value_or(leaving_.back().ends_at), leaving_.back().ends_at);
  }
  if (deadline && (!armed_ || *deadline < *armed_)) {
    armed_ = deadline;  // A later deadline is found when this one has passed.
    wants_deadline_ = true;
  }
}

}  // namespace regstream::hub
