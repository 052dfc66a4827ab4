#include "hub/hub.hpp"

#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

#include <regstream/sse/encoder.hpp>

namespace regstream::hub {

namespace {

void append_message(std::string& out, std::string_view json) {
  // Without an id and a type there is nothing that the encoder could refuse.
  if (sse::append_event(out, {.data = json})) {
    std::abort();
  }
}

FramePtr make_message_frame(std::string_view json) {
  std::string bytes;
  append_message(bytes, json);
  return make_frame(std::move(bytes));
}

}  // namespace

Hub::Hub(HubOptions options) : options_(options), known_(options.known_registrations) {}

std::optional<DecodeError> Hub::publish(std::string_view message) {
  auto decoded = decode_update(message, options_.codec);
  if (auto* error = std::get_if<DecodeError>(&decoded)) {
    ++counters_.malformed;
    return std::move(*error);
  }
  const Update& update = std::get<Update>(decoded);
  ++counters_.published;
  known_.apply(update);

  const auto concerned = by_registration_.find(update.registration_id);
  if (everyone_.empty() && concerned == by_registration_.end()) {
    return std::nullopt;
  }
  const FramePtr frame = make_message_frame(encode_update_envelope(message));
  deliver(everyone_, frame);
  if (concerned != by_registration_.end()) {
    deliver(concerned->second, frame);
  }
  return std::nullopt;
}

void Hub::announce_gap(std::int64_t now_timestamp_ms) {
  known_.clear();
  const FramePtr reset = make_message_frame(encode_reset(now_timestamp_ms));
  for (Slot slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].used) {
      push(slot, reset);
    }
  }
}

SubscriptionId Hub::subscribe(std::optional<std::int64_t> registration_id, Instant now,
                              std::int64_t now_timestamp_ms) {
  const Slot slot = take_slot();
  Subscription& subscription = slots_[slot];
  subscription.used = true;
  subscription.registration_id = registration_id.value_or(every_registration);
  ++subscriptions_;

  Audience& audience = registration_id ? by_registration_[subscription.registration_id] : everyone_;
  subscription.audience_index = static_cast<std::uint32_t>(audience.size());
  audience.push_back(slot);
  append_ping(slot, now + options_.ping_interval);

  std::string greeting;
  sse::append_retry(greeting, options_.retry);
  append_message(greeting, encode_connected(now_timestamp_ms));
  if (const RegistrationView* view = known_.find(subscription.registration_id)) {
    append_message(greeting, encode_snapshot(*view, now_timestamp_ms));
  }
  push(slot, make_frame(std::move(greeting)));
  return {.slot = slot, .generation = subscription.generation};
}

void Hub::unsubscribe(SubscriptionId id) {
  Subscription* subscription = find(id);
  if (subscription == nullptr) {
    return;
  }
  leave_audience(id.slot);
  remove_ping(id.slot);
  subscription->outbox.clear();
  subscription->used = false;
  subscription->overrun = false;
  ++subscription->generation;
  free_slots_.push_back(id.slot);
  --subscriptions_;
}

void Hub::send_retry(SubscriptionId id, Duration retry) {
  if (find(id) == nullptr) {
    return;
  }
  std::string bytes;
  sse::append_retry(bytes, retry);
  push(id.slot, make_frame(std::move(bytes)));
}

std::optional<Instant> Hub::next_deadline() const {
  if (ping_first_ == none) {
    return std::nullopt;
  }
  return slots_[ping_first_].next_ping;
}

void Hub::handle_deadline(Instant now, std::int64_t now_timestamp_ms) {
  FramePtr ping;  // Encoded once, and only if somebody is due.
  // Ends: whoever has been pinged is due after `now`, or, without an interval, was met already.
  for (std::size_t due_max = subscriptions_; due_max > 0; --due_max) {
    const Slot slot = ping_first_;
    if (slots_[slot].next_ping > now) {
      break;
    }
    if (!ping) {
      ping = make_message_frame(encode_ping(now_timestamp_ms));
    }
    remove_ping(slot);
    append_ping(slot, now + options_.ping_interval);
    push(slot, ping);
  }
}

std::optional<Ready> Hub::poll() {
  while (ready_next_ < ready_.size()) {
    const Slot slot = ready_[ready_next_++];
    Subscription& subscription = slots_[slot];
    subscription.ready = false;
    if (subscription.used) {
      return Ready{.id = {.slot = slot, .generation = subscription.generation},
                   .overrun = subscription.overrun};
    }
  }
  ready_.clear();
  ready_next_ = 0;
  return std::nullopt;
}

Outbox* Hub::outbox(SubscriptionId id) {
  Subscription* subscription = find(id);
  return subscription == nullptr ? nullptr : &subscription->outbox;
}

Hub::Subscription* Hub::find(SubscriptionId id) {
  if (id.slot >= slots_.size() || !slots_[id.slot].used ||
      slots_[id.slot].generation != id.generation) {
    return nullptr;
  }
  return &slots_[id.slot];
}

Hub::Slot Hub::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return static_cast<Slot>(slots_.size() - 1);
  }
  const Slot slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void Hub::deliver(const Audience& audience, const FramePtr& frame) {
  for (const Slot slot : audience) {
    if (push(slot, frame)) {
      ++counters_.deliveries;
    }
  }
}

bool Hub::push(Slot slot, const FramePtr& frame) {
  Subscription& subscription = slots_[slot];
  if (subscription.overrun) {
    return false;
  }
  if (!subscription.outbox.push(frame, options_.outbox_bytes_max)) {
    subscription.overrun = true;
    subscription.outbox.clear();
    ++counters_.overruns;
  }
  if (!subscription.ready) {
    subscription.ready = true;
    ready_.push_back(slot);
  }
  return !subscription.overrun;
}

void Hub::leave_audience(Slot slot) {
  const Subscription& subscription = slots_[slot];
  const bool hears_all = subscription.registration_id == every_registration;
  Audience& audience =
      hears_all ? everyone_ : by_registration_.find(subscription.registration_id)->second;
  // The last one takes the place of the one that leaves.
  const Slot last = audience.back();
  audience[subscription.audience_index] = last;
  slots_[last].audience_index = subscription.audience_index;
  audience.pop_back();
  if (audience.empty() && !hears_all) {
    by_registration_.erase(subscription.registration_id);
  }
}

void Hub::append_ping(Slot slot, Instant due) {
  Subscription& subscription = slots_[slot];
  subscription.next_ping = due;
  subscription.ping_before = ping_last_;
  subscription.ping_after = none;
  (ping_last_ == none ? ping_first_ : slots_[ping_last_].ping_after) = slot;
  ping_last_ = slot;
}

void Hub::remove_ping(Slot slot) {
  const Subscription& subscription = slots_[slot];
  (subscription.ping_before == none ? ping_first_ : slots_[subscription.ping_before].ping_after) =
      subscription.ping_after;
  (subscription.ping_after == none ? ping_last_ : slots_[subscription.ping_after].ping_before) =
      subscription.ping_before;
}

}  // namespace regstream::hub
