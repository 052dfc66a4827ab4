#include "broker/history/history_follower.hpp"

#include <algorithm>
#include <utility>

#include <regstream/broker/publish_limits.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/message/message_text.hpp>

#include "broker/history/message_hash.hpp"

namespace regstream::broker {
namespace {

/// The greatest number that the script can hold. No history gets there.
constexpr std::uint64_t sequence_max = (std::uint64_t{1} << 53U) - 1;
/// Waiting brings this many entries quickly.
constexpr std::uint64_t awaited_few = 16;
/// Histories that were lost while this process ran. Their messages may still be on their way.
constexpr std::size_t past_epochs_max = 8;

/// The id at the end of a message, where the script puts it. Saves decoding the whole message.
std::optional<EventId> stamped_id(std::string_view message) {
  if (!message.ends_with("\"}")) {
    return std::nullopt;
  }
  message.remove_suffix(2);
  const auto quote = message.rfind('"');
  if (quote == std::string_view::npos || !message.substr(0, quote + 1).ends_with("\"id\":\"")) {
    return std::nullopt;
  }
  return parse_event_id(message.substr(quote + 1));
}

}  // namespace

HistoryFollower::HistoryFollower(FollowerLimits limits, const Workflow& workflow)
    : limits_(limits),
      workflow_(&workflow),
      adoption_(limits.adoption),
      page_bytes_(limits.page_bytes) {}

void HistoryFollower::start_over() {
  HistoryFollower fresh{limits_, *workflow_};
  fresh.past_epochs_ = past_epochs_;
  fresh.known_ = known_;
  fresh.counts_ = counts_;
  fresh.is_catch_up_wanted_ = is_catch_up_wanted_ || is_catching_up_ ||
                              std::any_of(pending_actions_.begin(), pending_actions_.end(),
                                          [](const FollowerAction& action) {
                                            return std::holds_alternative<CaughtUp>(action);
                                          });
  fresh.is_loss_due_ = true;  // It may have been handling a bare message.
  *this = std::move(fresh);
}

void HistoryFollower::on_subscribed(EventId position) {
  learn(position);
  adoption_.begin(position);
  is_subscribing_ = false;
  is_subscribed_ = true;
  is_read_since_subscribed_ = false;
  request_read();
}

void HistoryFollower::on_unsubscribed() {
  is_subscribing_ = false;
  is_subscribed_ = false;
  is_caught_up_ = false;
  is_channel_left_ = false;
  if (std::exchange(is_channel_behind_, false)) {
    ++counts_.overflowing;
    is_loss_due_ = true;
  }
}

void HistoryFollower::on_loss_recorded(EventId end) {
  is_recording_loss_ = false;
  learn(end);
  request_read();
}

/// The loss may or may not have been recorded.
void HistoryFollower::abandon_loss() {
  is_loss_due_ |= std::exchange(is_recording_loss_, false);
}

void HistoryFollower::on_not_callable() {
  is_callable_ = false;
  abandon_read();
  abandon_loss();
  adoption_.lost();
}

void HistoryFollower::permit(bool reading, bool adopting) {
  may_read_ = reading;
  may_adopt_ = adopting;
}

/// If a read is under way, its answer will not come.
void HistoryFollower::abandon_read() {
  is_caught_up_ = false;
  if (is_subscribed_ || is_reading_) {
    request_read();
  }
  is_reading_ = false;
  page_bytes_ = limits_.page_bytes;
  is_catch_up_wanted_ |= std::exchange(is_catching_up_, false);
  unverified_before_read_ = 0;
}

void HistoryFollower::on_awaitable() {
  is_awaitable_ = true;
  is_awaiting_ = false;
  is_read_since_awaitable_ = false;
  request_read();
}

void HistoryFollower::on_not_awaitable() {
  is_awaitable_ = false;
}

/// Where the next read begins.
std::optional<EventId> HistoryFollower::confirmed() const {
  if (!last_) {
    return std::nullopt;
  }
  return EventId{.epoch = last_->epoch, .sequence = last_->sequence - (hashes_.size() - 1)};
}

/// Not while a read brings the same entries, or has yet to confirm what was delivered before this
/// connection.
bool HistoryFollower::may_await() const {
  return is_awaitable_ && is_read_since_awaitable_ && is_live_ && !is_awaiting_ && !is_reading_ &&
         !is_read_wanted_;
}

void HistoryFollower::catch_up() {
  is_catch_up_wanted_ = true;
  request_read();
}

void HistoryFollower::learn(EventId id) {
  known_ = std::max(known_, id);
}

void HistoryFollower::request_read() {
  is_read_wanted_ = true;
}

bool HistoryFollower::is_delivered(EventId id) const {
  return last_ && id.epoch == last_->epoch && id <= *last_;
}

bool HistoryFollower::is_past(EventId id) const {
  return std::find(past_epochs_.begin(), past_epochs_.end(), id.epoch) != past_epochs_.end();
}

void HistoryFollower::on_message(std::string_view message) {
  if (const auto id = stamped_id(message)) {
    receive_with_id(*id, message);
  } else {
    const MessageText text{message, published_bytes_max};
    const auto update = decode_update_slices(text.view(), *workflow_, published_limits);
    if (const auto* const error = std::get_if<DecodeError>(&update)) {
      refuse(*error);
    } else if (const auto& claimed = std::get_if<UpdateSlices>(&update)->id) {
      receive_with_id(*claimed, message);
    } else {
      adoption_.receive_bare(message);
    }
  }
}

void HistoryFollower::refuse(const DecodeError& error) {
  counts_.malformed.add(error.reason);
  refusal_ = error;
}

void HistoryFollower::receive_with_id(EventId id, std::string_view message) {
  if (is_delivered(id) && unverified_.empty()) {
    receive_entry(id, message);
    return;
  }
  if (is_past(id)) {
    return;
  }
  if (!is_delivered(id)) {
    request_read();
  }
  unverified_bytes_ += message.size();
  unverified_.push_back({id, std::string{message}});
  adoption_.set_has_unverified(true);
}

void HistoryFollower::receive_entry(EventId id, std::string_view message) {
  // Someone repeats a message; or Redis has lost writes and given their ids to others.
  if (id <= adoption_.last_received()) {
    request_read();
  }
  if (!adoption_.receive_entry(id, message)) {
    ++counts_.forged;
    const MessageText text{message, published_bytes_max};
    const auto update = decode_update_slices(text.view(), *workflow_, published_limits);
    const auto* const readable = std::get_if<UpdateSlices>(&update);
    dropped_registration_ = readable == nullptr ? 0 : readable->registration_id;
    request_read();
  }
}

/// Settles messages in the order in which they arrived. The script appends first and publishes
/// then. So a message that arrived before the read began, and is not in the history, is not the
/// script's.
void HistoryFollower::settle_unverified() {
  while (!unverified_.empty() &&
         (unverified_before_read_ > 0 || is_delivered(unverified_.front().id))) {
    const Unverified received = std::move(unverified_.front());
    unverified_.pop_front();
    unverified_bytes_ -= received.message.size();
    unverified_before_read_ -= std::min<std::size_t>(unverified_before_read_, 1);
    if (is_delivered(received.id)) {
      receive_entry(received.id, received.message);
    } else if (!is_past(received.id)) {
      receive_bare(received.message);
    }
  }
  adoption_.set_has_unverified(!unverified_.empty());
}

void HistoryFollower::receive_bare(std::string_view message) {
  const MessageText text{message, published_bytes_max};
  const auto update = decode_update_slices(text.view(), *workflow_, published_limits);
  if (const auto* const error = std::get_if<DecodeError>(&update)) {
    refuse(*error);
  } else {
    adoption_.receive_bare(message);
  }
}

void HistoryFollower::on_page(HistoryPage page) {
  is_reading_ = false;
  learn(page.end);
  for (auto& entry : page.entries) {
    if (!apply_entry(entry)) {
      known_ = {.epoch = last_->epoch, .sequence = sequence_max};
      unverified_before_read_ = 0;
      request_read();
      return;
    }
  }
  while (!page.entries.empty() && *confirmed() < page.entries.back().id) {
    hashes_.pop_front();
  }
  if (!page.is_last) {
    page_bytes_ = std::min(2 * page_bytes_, limits_.page_bytes_max);
    request_read();
    return;
  }
  page_bytes_ = limits_.page_bytes;
  if (!last_ || *last_ != page.end) {
    begin_history(page.end);
  }
  if (!std::exchange(is_live_, true)) {
    pending_actions_.emplace_back(GoLive{});
  }
  if (is_catching_up_) {
    pending_actions_.emplace_back(CaughtUp{});
    is_catching_up_ = false;  // Not before: the line above may run out of memory.
  }
  is_caught_up_ = is_subscribed_ && is_read_since_subscribed_;
  settle_unverified();
}

void HistoryFollower::on_awaited(std::vector<HistoryEntry> entries) {
  is_awaiting_ = false;
  if (is_reading_ || !is_live_) {
    return;  // The page under way brings them as well.
  }
  for (auto& entry : entries) {
    if (is_delivered(entry.id)) {
      continue;
    }
    const EventId next{.epoch = last_->epoch, .sequence = last_->sequence + 1};
    if (entry.id != next || entry.message.empty()) {
      request_read();
      return;
    }
    learn(entry.id);
    deliver(entry);
  }
  if (hashes_.size() > limits_.unconfirmed_max) {
    request_read();
  }
}

/// False: a delivered message has changed.
bool HistoryFollower::apply_entry(HistoryEntry& entry) {
  const EventId id = entry.id;
  if (is_delivered(id)) {
    const auto age = last_->sequence - id.sequence;
    const auto hash = age < hashes_.size()
                          ? hashes_[hashes_.size() - 1 - static_cast<std::size_t>(age)]
                          : std::nullopt;
    return !hash || *hash == hash_of(entry.message);
  }
  if (entry.message.empty() || id.sequence == 0) {
    adoption_.skip(id);
    begin_history(id);
    return true;
  }
  const EventId before{.epoch = id.epoch, .sequence = id.sequence - 1};
  if (last_ != before) {
    begin_history(before);
  }
  deliver(entry);
  return true;
}

void HistoryFollower::deliver(HistoryEntry& entry) {
  adoption_.read(entry.id, entry.message, entry.adopted_as);
  last_ = entry.id;
  hashes_.emplace_back(hash_of(entry.message));
  pending_actions_.emplace_back(DeliverMessage{entry.id, std::move(entry.message)});
}

void HistoryFollower::begin_history(EventId position) {
  if (last_ && last_->epoch != position.epoch) {
    past_epochs_.push_back(last_->epoch);
    if (past_epochs_.size() > past_epochs_max) {
      past_epochs_.pop_front();
    }
  }
  last_ = position;
  hashes_ = {std::nullopt};
  is_live_ = false;
  pending_actions_.emplace_back(BeginHistory{position});
}

void HistoryFollower::on_adopted(std::optional<EventId> end) {
  if (end) {
    learn(*end);
    // Waiting brings a few at a time, and a large adoption may exceed what the history keeps.
    if (last_ && *end > EventId{.epoch = last_->epoch, .sequence = last_->sequence + awaited_few}) {
      request_read();
    }
  }
  adoption_.answered(end);
}

std::optional<FollowerAction> HistoryFollower::poll() {
  is_channel_behind_ |= !may_receive();
  if (!pending_actions_.empty()) {
    FollowerAction action = std::move(pending_actions_.front());
    pending_actions_.pop_front();
    return action;
  }
  if (may_await()) {
    is_awaiting_ = true;
    return AwaitHistory{*last_};
  }
  // Only after a history was read to its end: entries that a new epoch took over may still settle
  // bare messages.
  if (is_live_ && is_subscribed_ && may_receive() && adoption_.probe()) {
    return ProbeChannel{};
  }
  // Not while a subscription is about to begin: some of what was read may be received then.
  if (adoption_.is_overrun() && is_live_ && !is_subscribing_) {
    if (!is_subscribed_) {
      adoption_.give_up_unreceived();
    } else if (!std::exchange(is_channel_left_, true)) {
      is_channel_behind_ = true;
      return LeaveChannel{};
    }
  }
  if (!is_callable_) {
    return std::nullopt;
  }
  if (is_read_wanted_ && !is_reading_ && may_read_) {
    is_read_wanted_ = false;
    is_reading_ = true;
    is_read_since_subscribed_ = is_subscribed_;
    is_read_since_awaitable_ = is_awaitable_;
    is_catching_up_ |= std::exchange(is_catch_up_wanted_, false);
    unverified_before_read_ = unverified_.size();
    return ReadHistory{confirmed(), page_bytes_};
  }
  if (may_adopt_ && is_loss_due_ && !is_recording_loss_) {
    is_loss_due_ = false;
    is_recording_loss_ = true;
    return RecordLoss{};
  }
  if (may_adopt_) {
    if (auto adopt = adoption_.next()) {
      return std::move(*adopt);
    }
  }
  return std::nullopt;
}

}  // namespace regstream::broker
