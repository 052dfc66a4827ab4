#include "hub/hub.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include <regstream/message/message_text.hpp>
#include <regstream/sse/encoder.hpp>
#include <regstream/sse/heartbeat.hpp>

#include "hub/cursor.hpp"
#include "hub/message_event.hpp"

namespace regstream::hub {

namespace {

// The bytes of a frame around a one-line update with an id of the usual length.
constexpr std::size_t around_update = 80;

std::string encode_heartbeat(Duration interval) {
  std::string bytes;
  sse::append_heartbeat(bytes, interval);
  return bytes;
}

std::string encode_retry(Duration retry) {
  std::string bytes;
  sse::append_retry(bytes, retry);
  return bytes;
}

}  // namespace

Hub::Hub(HubOptions options)
    : options_(options),
      journal_(options.journal),
      known_(*options.workflow, options.known_registrations),
      beats_(options.heartbeat_interval, options.ping_interval),
      opening_(
          make_frame(encode_retry(options.retry) + encode_heartbeat(options.heartbeat_interval))),
      heartbeat_(make_frame(encode_heartbeat(options.heartbeat_interval))) {}

std::size_t Hub::begin_history(EventId position) {
  is_live_ = false;
  return begin_journal(position, cause_of_history(journal_.position(), position));
}

std::optional<DecodeError> Hub::publish(EventId id, std::string_view message, Instant now) {
  const EventId position = journal_.position();
  if (id <= position) {
    ++counters_.duplicates;
    return std::nullopt;
  }
  if (id.sequence == 0) {
    // No history has such a message. The next message will show the gap.
    ++counters_.gaps;
    return std::nullopt;
  }
  if (id.epoch != position.epoch || id.sequence != position.sequence + 1) {
    ++counters_.gaps;
    // The broker has skipped messages.
    begin_journal({.epoch = id.epoch, .sequence = id.sequence - 1}, id.epoch == position.epoch
                                                                        ? ResetCause::updates_missed
                                                                        : ResetCause::new_history);
    if (is_live_) {
      mark_resets();
    }
  }

  const MessageText text{message, options_.codec.message_bytes_max};
  auto decoded = decode_update_slices(text.view(), *options_.workflow, options_.codec);
  if (auto* error = std::get_if<DecodeError>(&decoded)) {
    counters_.malformed.add(error->reason);
    journal_.append(every_registration, nullptr, now);
    return std::move(*error);
  }
  const auto& slices = std::get<UpdateSlices>(decoded);
  ++counters_.published;
  counters_.mistyped += slices.mistyped;
  Update update = to_update(slices);
  newest_timestamp_ms_ = update.timestamp_ms;
  update.id = id;
  sweep_ids();
  const std::int64_t number = number_of(update.registration_id, update.text_id);
  known_.recall(number, journal_);
  StandingChange change = known_.apply(number, update);
  if (change.before == Standing::unknown && journal_.is_whole()) {
    change.before = Standing::open;  // This is its first message ever.
  }

  std::string bytes;
  bytes.reserve(text.view().size() + around_update);
  append_update(bytes, text.view(), id);
  journal_.append(number, make_frame(std::move(bytes)), now, change);
  if (is_live_) {
    offer(everyone_, every_registration, id.sequence);
    if (const auto concerned = by_registration_.find(number); concerned != by_registration_.end()) {
      offer(concerned->second, number, id.sequence);
    }
  }
  return std::nullopt;
}

void Hub::go_live(std::int64_t now_timestamp_ms) {
  is_live_ = true;
  connect_waiting(false, now_timestamp_ms);
  mark_resets();
}

SubscriptionId Hub::subscribe(const SubscriptionRequest& request, Instant now,
                              std::int64_t now_timestamp_ms) {
  if (const auto due = next_beat(); !due || *due > now) {
    beats_.skip(now);  // Beats that passed while there was no subscription are not the newcomer's.
  }
  sweep_ids();
  std::vector<std::int64_t> numbers;
  numbers.reserve(request.ids.size());
  for (const InstanceId& one : request.ids) {
    numbers.push_back(number_of(one.number, one.text));
  }
  Following following(std::move(numbers));
  for (const InstanceId& one : request.snapshots) {
    following.want_snapshot(number_of(one.number, one.text));
  }
  const Slot slot = take_slot();
  Subscription& subscription = slots_[slot];
  subscription.used = true;
  subscription.outbox = Outbox(request.framing);
  subscription.following = std::move(following);
  subscription.until_final = request.until_final;
  subscription.next_ping = now + options_.ping_interval;
  ++subscriptions_;
  ++counters_.opened;

  const std::optional<EventId> cursor = read_cursor(request.cursor);
  const SubscriptionId id{.slot = slot, .generation = subscription.generation};
  try {
    subscription.following.for_each_id([&](std::int64_t one) { join_audience(slot, one); });
    subscription.outbox.push(opening_);
    mark_ready(slot);
    if (request.lease) {
      leases_.add(slot, *request.lease);
    }
    if (request.is_poll) {
      begin_poll(id, now);
    }
    if (request.lease && request.lease->ends_at <= now) {
      counters_.expired += end_lease(slot, StreamEnd::token_expired, now) ? 1U : 0U;
    } else if (is_live_ && !may_know_more(cursor)) {
      journal_.trim(now);
      send_connected(slot, cursor, now_timestamp_ms);
    } else {
      waiting_.emplace(slot, Waiting{.cursor = cursor});
      counters_.waited += is_live_ ? 1 : 0;
    }
  } catch (...) {
    unsubscribe(id);
    throw;
  }
  return id;
}

bool Hub::unsubscribe(SubscriptionId id) {
  Subscription* subscription = find(id);
  if (subscription == nullptr) {
    return false;
  }
  leave_audiences(id.slot);
  waiting_.erase(id.slot);
  leases_.remove(id.slot);
  set_backlog(*subscription, 0);
  Subscription unused;
  unused.generation = subscription->generation + 1;
  unused.ready = subscription->ready;  // It may still be in the list.
  *subscription = std::move(unused);
  free_slots_.push_back(id.slot);
  --subscriptions_;
  return true;
}

void Hub::send_retry(SubscriptionId id, Duration retry) {
  if (find(id) == nullptr) {
    return;
  }
  slots_[id.slot].outbox.push(make_frame(encode_retry(retry)));
  mark_ready(id.slot);
}

void Hub::end(SubscriptionId id) {
  if (Subscription* const subscription = find(id)) {
    subscription->is_ending = true;
    waiting_.erase(id.slot);  // It gets no `connected` any more.
    mark_ready(id.slot);
  }
}

bool Hub::poll_catch_up(Instant now) {
  if (!is_catch_up_wanted() || now < next_catch_up_) {
    return false;
  }
  is_catching_up_ = true;
  next_catch_up_ = now + options_.catch_up_interval;
  for (auto& [slot, waiting] : waiting_) {
    waiting.is_asked_for = true;
  }
  return true;
}

void Hub::caught_up(std::int64_t now_timestamp_ms) {
  is_catching_up_ = false;
  if (is_live_) {
    connect_waiting(true, now_timestamp_ms);
  }
}

std::optional<SubscriptionId> Hub::poll() {
  while (!ready_.empty()) {
    const Slot slot = ready_.front();
    ready_.pop_front();
    Subscription& subscription = slots_[slot];
    subscription.ready = false;
    if (subscription.used) {
      return SubscriptionId{.slot = slot, .generation = subscription.generation};
    }
  }
  return std::nullopt;
}

// Defined here, so that a delivery costs no call.
inline void Hub::push_update(Subscription& subscription, std::int64_t now_timestamp_ms) {
  Following& following = subscription.following;
  const std::uint64_t sequence = following.next();
  if (const FramePtr& frame = journal_.frame(sequence)) {
    subscription.outbox.push(frame);
    subscription.has_answer = true;
    ++counters_.deliveries;
  }
  following.advance(journal_);
  if (subscription.until_final && journal_.is_final_update(sequence)) {
    push_end(subscription, {.epoch = journal_.position().epoch, .sequence = sequence},
             now_timestamp_ms);
  }
}

Outbox* Hub::collect(SubscriptionId id, std::int64_t now_timestamp_ms) {
  Subscription* subscription = find(id);
  if (subscription == nullptr) {
    return nullptr;
  }
  Outbox& outbox = subscription->outbox;
  Following& following = subscription->following;
  if (outbox.is_finished()) {
    return &outbox;
  }
  while (is_live_ && outbox.bytes_waiting() < options_.outbox_bytes_max) {
    if (following.next() != 0 && !journal_.has(following.next())) {
      if (!subscription->reset_due) {
        ++counters_.overruns;
        subscription->reset_due = ResetCause::reader_too_slow;
      }
      following.skip_all();
    }
    if (subscription->reset_due) {
      push_reset(*subscription, now_timestamp_ms);
    } else if (subscription->snapshots) {
      push_next_snapshot(*subscription, now_timestamp_ms);
    } else if (following.next() != 0) {
      push_update(*subscription, now_timestamp_ms);
    } else {
      break;
    }
  }
  if (subscription->is_ending && (!is_live_ || !has_more(*subscription))) {
    outbox.finish(StreamEnd::shutdown);
  }
  if (subscription->is_poll && subscription->has_answer && !subscription->reset_due &&
      !subscription->snapshots) {
    outbox.finish(StreamEnd::polled);
  }
  subscription->was_sent = subscription->was_sent || !outbox.empty();
  return &outbox;
}

Hub::Subscription* Hub::find(SubscriptionId id) {
  if (id.slot >= slots_.size() || !slots_[id.slot].used ||
      slots_[id.slot].generation != id.generation) {
    return nullptr;
  }
  return &slots_[id.slot];
}

std::size_t Hub::begin_journal(EventId position, ResetCause cause) {
  journal_.begin(position);
  known_.clear();
  std::size_t resets = 0;
  for (Subscription& subscription : slots_) {
    subscription.following.skip_all();
    subscription.snapshots.reset();
    subscription.reset_due = std::nullopt;
    if (subscription.has_connected) {
      subscription.reset_due = cause;
      ++resets;
    }
  }
  return resets;
}

void Hub::offer(const Audience& audience, std::int64_t id, std::uint64_t sequence) {
  for (const Slot slot : audience) {
    // A subscription that lags gets there by itself, and so does one that waits for `connected`.
    if (Subscription& subscription = slots_[slot];
        subscription.has_connected && subscription.following.offer(id, sequence)) {
      mark_ready(slot);
    }
  }
}

// The owner of this cursor may have received more than this gateway has.
bool Hub::may_know_more(const std::optional<EventId>& cursor) const {
  return cursor && (*cursor > journal_.position() || *cursor == before_all_histories);
}

// Why a stream can't resume after this cursor.
ResetCause Hub::cause_of(EventId cursor) const {
  const EventId position = journal_.position();
  return cursor.epoch == position.epoch && cursor < position ? ResetCause::cursor_too_old
                                                             : ResetCause::cursor_unknown;
}

// In a live history, subscriptions without `connected` wait for this.
bool Hub::is_catch_up_wanted() const {
  return is_live_ && !is_catching_up_ && !waiting_.empty();
}

void Hub::connect_waiting(bool is_caught_up, std::int64_t now_timestamp_ms) {
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const auto& [slot, waiting] = *next;
    const bool is_judged = is_caught_up && waiting.is_asked_for;
    if (may_know_more(waiting.cursor) && !is_judged) {
      ++next;
      continue;
    }
    send_connected(slot, waiting.cursor, now_timestamp_ms);
    leases_.release_warning(slot);
    next = waiting_.erase(next);
  }
}

void Hub::note_backlog(SubscriptionId id, std::size_t bytes) {
  if (Subscription* const subscription = find(id)) {
    set_backlog(*subscription, bytes);
  }
}

// Keeps sums, so that reading them costs the same however many streams there are.
void Hub::set_backlog(Subscription& subscription, std::size_t bytes) {
  const std::uint32_t before = subscription.backlog_bytes;
  subscription.backlog_bytes = static_cast<std::uint32_t>(bytes);
  backlog_.bytes = backlog_.bytes - before + subscription.backlog_bytes;
  backlog_.streams = backlog_.streams - (before > 0 ? 1 : 0) + (bytes > 0 ? 1 : 0);
}

void Hub::mark_resets() {
  for (Slot slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].reset_due) {
      mark_ready(slot);
    }
  }
}

}  // namespace regstream::hub
