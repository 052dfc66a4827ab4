#include "broker/history/adoption.hpp"

#include <algorithm>
#include <utility>

#include "broker/history/message_hash.hpp"

namespace regstream::broker {
namespace {

/// The message without the id that the script appended.
std::string origin_of(EventId id, std::string_view message) {
  std::string stamp = "\"id\":\"";
  append_event_id(stamp, id);
  stamp += "\"}";
  auto members = message.substr(0, message.size() - std::min(stamp.size(), message.size()));
  if (members.ends_with(',')) {
    members.remove_suffix(1);
  }
  return std::string{members} + '}';
}

void count_down(std::unordered_map<std::size_t, std::size_t>& counts, std::size_t hash) {
  const auto count = counts.find(hash);
  if (--count->second == 0) {
    counts.erase(count);
  }
}

}  // namespace

std::string_view trimmed_json(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  constexpr std::string_view space = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
  return text.substr(0, text.find_last_not_of(space) + 1);
}

void Adoption::begin(EventId position) {
  is_behind_ = false;
  probed_.reset();
  begun_ = position;
  if (bare_.empty() && !has_unverified_) {
    pass(position);
    return;
  }
  // They still wait, under the old cursor: messages of the gap count as not received. Their
  // adoption may have been lost with the connection, so those whose text is left are offered once
  // more.
  for (std::size_t index = textless_; index < offered_; ++index) {
    waiting_bytes_ += bare_[index].text.size();
  }
  offered_ = textless_;
}

void Adoption::set_has_unverified(bool has_unverified) {
  has_unverified_ = has_unverified;
  leave_behind();
}

void Adoption::receive_bare(std::string_view text) {
  text = trimmed_json(text);
  const std::size_t hash = hash_of(text);
  ++counts_[hash];
  text_bytes_ += text.size();
  waiting_bytes_ += text.size();
  bare_.push_back({hash, std::string{text}});
  shorten();
}

/// Keeps the texts of adopted messages while there is room: the history may lose them.
void Adoption::shorten() {
  for (; text_bytes_ > limits_.bytes_max && textless_ < offered_; ++textless_) {
    std::string& text = bare_[textless_].text;
    text_bytes_ -= text.size();
    std::string{}.swap(text);
  }
}

void Adoption::give_up_unreceived() {
  if (!has_unverified_) {
    pass(read_);
  }
}

bool Adoption::probe() {
  if (probed_ || has_unverified_ || !is_behind_ || received_ >= read_) {
    return false;
  }
  probed_ = read_;
  return true;
}

void Adoption::probed() {
  // A message that arrived meanwhile and is unverified may be an entry's message. Then probe once
  // more.
  if (const auto id = std::exchange(probed_, std::nullopt); id && !has_unverified_) {
    begun_ = std::max(begun_, *id);
    leave_behind();
  }
}

/// The last entry up to which all adoptions are known, including those in `ahead_`.
EventId Adoption::cursor() const {
  const bool is_known = read_.epoch == received_.epoch && read_after_ <= received_;
  return is_known ? std::max(read_, received_) : received_;
}

void Adoption::advance_read(EventId id) {
  if (id != EventId{.epoch = read_.epoch, .sequence = read_.sequence + 1}) {
    read_after_ = {.epoch = id.epoch,
                   .sequence = id.sequence - std::min<std::uint64_t>(id.sequence, 1)};
  }
  read_ = id;
  if (cursor() == read_) {
    is_behind_ = false;  // The history holds everything after it.
  }
}

void Adoption::skip(EventId id) {
  advance_read(id);
  if (id > received_) {
    ahead_.push_back({id, std::nullopt, std::nullopt, std::nullopt});
  }
  leave_behind();
}

void Adoption::read(EventId id, std::string_view message, std::optional<EventId> adopted_as) {
  advance_read(id);
  if (id <= received_) {
    return;
  }
  // The search is rare: only for adoptions not received before a new epoch began.
  const bool is_known = adopted_as && (*adopted_as <= received_ ||
                                       (*adopted_as != id && is_ahead_already(*adopted_as)));
  if (is_known) {
    adopted_as.reset();
  }
  std::optional<std::size_t> origin;
  if (adopted_as) {
    origin = hash_of(origin_of(id, message));
    ++ahead_counts_[*origin];
  }
  ahead_.push_back({id, hash_of(message), adopted_as, origin});
  leave_behind();
}

bool Adoption::is_ahead_already(EventId adopted_as) const {
  return std::any_of(ahead_.begin(), ahead_.end(),
                     [adopted_as](const Ahead& entry) { return entry.adopted_as == adopted_as; });
}

bool Adoption::receive_entry(EventId id, std::string_view message) {
  // Somebody repeats a message from before the subscription: the script never does.
  const bool was_before = id.epoch == begun_.epoch && id <= begun_;
  if (id <= received_ || was_before) {
    return true;
  }
  const auto entry =
      std::lower_bound(ahead_.begin(), ahead_.end(), id,
                       [](const Ahead& ahead, const EventId& wanted) { return ahead.id < wanted; });
  const bool is_read = entry != ahead_.end() && entry->id == id;
  if (is_read && entry->hash != hash_of(message)) {
    return false;
  }
  if (!is_read) {
    // It was trimmed before it could be read, so the message alone says what was adopted. Before
    // `pass`, which drops offered messages that are not taken off yet: this is one of them.
    take_off(hash_of(origin_of(id, message)));
  }
  pass(id);
  return true;
}

void Adoption::pass(EventId id) {
  while (!ahead_.empty() && ahead_.front().id <= id) {
    if (const auto origin = ahead_.front().origin) {
      take_off(*origin);
      count_down(ahead_counts_, *origin);
    }
    ahead_.pop_front();
  }
  received_ = std::max(received_, id);
  is_behind_ = false;
  // All their adoptions have been received, and still did not take them off: some were missed while
  // the channel was not subscribed.
  if (offered_ > 0 && received_ >= offered_end_) {
    drop_offered();
  }
}

/// Passes the entries that will not be received any more, once they have been read. Their bare
/// messages will not be received either. Not while messages are unverified: those may be these bare
/// messages. And not if the epoch was lost since: what the new epoch took over may still have to be
/// read, and would then be taken for known.
void Adoption::leave_behind() {
  const bool is_read = read_.epoch == begun_.epoch && read_ >= begun_;
  if (is_behind_ && !has_unverified_ && received_ < begun_ && is_read) {
    pass(begun_);
  }
}

void Adoption::take_off(std::size_t origin) {
  if (counts_.count(origin) == 0) {
    return;
  }
  const auto found = std::find_if(bare_.begin(), bare_.end(),
                                  [origin](const Bare& bare) { return bare.hash == origin; });
  const auto index = static_cast<std::size_t>(found - bare_.begin());
  if (index < offered_) {
    --offered_;
    textless_ -= index < textless_ ? 1U : 0U;
  } else {
    waiting_bytes_ -= found->text.size();
    in_flight_ -= index < offered_ + in_flight_ ? 1U : 0U;
  }
  forget(*found);
  bare_.erase(found);
}

void Adoption::drop_offered() {
  for (; offered_ > 0; --offered_) {
    forget(bare_.front());
    bare_.pop_front();
  }
  textless_ = 0;
}

void Adoption::forget(Bare& bare) {
  text_bytes_ -= bare.text.size();
  count_down(counts_, bare.hash);
}

std::optional<Adopt> Adoption::next() {
  if (is_asked_ || is_behind_ || offered_ == bare_.size()) {
    return std::nullopt;
  }
  std::unordered_map<std::size_t, std::size_t> left;  // How many messages of each hash are left.
  for (std::size_t index = offered_; index < bare_.size(); ++index) {
    ++left[bare_[index].hash];
  }
  Adopt adopt{.cursor = cursor(), .offers = {}};
  const bool counts_ahead = adopt.cursor != received_;
  std::size_t bytes = 0;
  std::size_t index = offered_;
  for (; index < bare_.size() && adopt.offers.size() < limits_.offers_max; ++index) {
    const auto& [hash, text] = bare_[index];
    const std::size_t ordinal = counts_[hash] - left[hash] + 1;
    const auto ahead = counts_ahead ? ahead_counts_.find(hash) : ahead_counts_.end();
    const std::size_t known = ahead == ahead_counts_.end() ? 0 : ahead->second;
    if (ordinal > known) {
      bytes += text.size();
      if (bytes > limits_.offers_bytes_max && !adopt.offers.empty()) {
        break;
      }
      adopt.offers.push_back({text, ordinal - known});
    }
    --left[hash];
  }
  if (adopt.offers.empty()) {
    count_offered(index - offered_, read_);  // Other gateways had them adopted.
    return std::nullopt;
  }
  is_asked_ = true;
  asked_cursor_ = adopt.cursor;
  in_flight_ = index - offered_;
  return adopt;
}

void Adoption::count_offered(std::size_t count, EventId end) {
  for (const std::size_t offered = offered_ + count; offered_ < offered; ++offered_) {
    waiting_bytes_ -= bare_[offered_].text.size();
  }
  offered_end_ = std::max(offered_end_, end);
  shorten();
}

void Adoption::answered(std::optional<EventId> end) {
  is_asked_ = false;
  const auto count = std::exchange(in_flight_, 0);
  if (end) {
    count_offered(count, *end);
    return;
  }
  // Not if more became known while the answer was on its way: nothing else may come.
  is_behind_ = cursor() == asked_cursor_;
  leave_behind();
}

void Adoption::lost() {
  is_asked_ = false;
  in_flight_ = 0;
}

}  // namespace regstream::broker
