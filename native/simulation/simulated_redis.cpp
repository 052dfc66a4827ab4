#include "simulation/simulated_redis.hpp"

#include <algorithm>
#include <utility>

namespace regstream::simulation {
namespace {

/// Some minutes, as in `RedisHistoryLimits`.
constexpr Duration key_lifetime{600'000};

/// Of the entries that somebody waits for, how many come at once.
constexpr std::size_t awaited_max = 2;

/// The world begins in 2023.
constexpr std::uint64_t began_timestamp_ms = 1'702'493'000'000;

}  // namespace

std::string stamped(std::string_view text, EventId id) {
  std::string message{text.substr(0, text.size() - 1)};
  message += message == "{" ? "" : ",";
  return message + "\"id\":\"" + to_string(id) + "\"}";
}

bool SimulatedRedis::may_have_lost() const {
  return data_.written_by && *data_.written_by != incarnation_ && !plan_.is_redis_durable &&
         canary_ != Canary::trust_restart;
}

SimulatedRedis::Answer<EventId> SimulatedRedis::open(EventId known) {
  auto& end = data_.end;
  const bool is_doubtful = may_have_lost();
  if (!end || known > *end || is_doubtful) {
    if (refuses_writes_) {
      return Refusal::passing;
    }
    if (is_doubtful) {
      world_.count(Sight::restart_doubted);
    }
    const std::uint64_t now =
        began_timestamp_ms +
        static_cast<std::uint64_t>((world_.now().time_since_epoch() + set_by_).count());
    const auto epoch = std::max({now, known.epoch + 1, end ? end->epoch + 1 : std::uint64_t{0}});
    auto kept = std::exchange(data_.entries, {});
    if (!kept.empty()) {
      world_.count(Sight::history_carried_over);
    }
    end = EventId{.epoch = epoch, .sequence = 0};
    world_.note("redis: a history begins, " + to_string(*end));
    truth_.begin(epoch);
    for (const Entry& entry : kept) {
      if (!entry.text.empty()) {
        append(entry.text, entry.adopted_as.has_value());
        data_.entries.back().adopted_as = entry.adopted_as;
      }
    }
    wake_waiters();
  }
  data_.written_by = incarnation_;
  return *end;
}

SimulatedRedis::Answer<EventId> SimulatedRedis::lose(EventId known) {
  if (refuses_writes_) {
    return Refusal::passing;
  }
  open(known);
  const bool is_said = !data_.entries.empty() && data_.entries.back().text.empty() &&
                       data_.entries.back().id == *data_.end && *data_.end > known;
  if (!is_said) {
    append({}, false);
    world_.count(Sight::loss_told);
    wake_waiters();
  }
  return *data_.end;
}

broker::HistoryEntry SimulatedRedis::told(const Entry& entry) {
  return {entry.id, entry.text.empty() ? std::string{} : stamped(entry.text, entry.id),
          entry.adopted_as};
}

SimulatedRedis::Answer<broker::HistoryPage> SimulatedRedis::read(EventId known,
                                                                 std::optional<EventId> from) {
  const auto opened = open(known);
  if (const auto* const refusal = std::get_if<Refusal>(&opened)) {
    world_.count(Sight::read_refused);
    return *refusal;
  }
  broker::HistoryPage page{.end = *data_.end, .is_last = true, .entries = {}};
  auto entry = data_.entries.begin();
  if (from) {
    entry = std::lower_bound(data_.entries.begin(), data_.entries.end(), *from,
                             [](const Entry& left, const EventId& id) { return left.id < id; });
  }
  for (; entry != data_.entries.end(); ++entry) {
    const bool begins_with_known = !page.entries.empty() && page.entries.front().id == from;
    if (page.entries.size() == plan_.page_entries_max + (begins_with_known ? 1 : 0)) {
      page.is_last = false;
      break;
    }
    page.entries.push_back(told(*entry));
  }
  return page;
}

bool SimulatedRedis::has_key(const std::string& key) const {
  const auto found = data_.keys.find(key);
  return found != data_.keys.end() && found->second.expiry > world_.now();
}

SimulatedRedis::Answer<EventId> SimulatedRedis::publish(EventId known, const std::string& key,
                                                        const std::string& text,
                                                        const std::string& key_before) {
  if (has_key(key)) {
    world_.count(Sight::publish_repeated);
    return data_.keys.at(key).id;
  }
  if (!key_before.empty() && !has_key(key_before)) {
    world_.count(Sight::publish_out_of_order);
    return Refusal::out_of_order;
  }
  if (refuses_writes_) {
    world_.count(Sight::write_refused);
    return Refusal::passing;
  }
  open(known);
  const EventId id = append(text, false);
  data_.keys[key] = {.id = id, .expiry = world_.now() + key_lifetime};
  wake_waiters();
  send_out(stamped(text, id));
  return id;
}

SimulatedRedis::Answer<std::optional<EventId>> SimulatedRedis::adopt(EventId known,
                                                                     const broker::Adopt& adopt) {
  if (refuses_writes_) {
    world_.count(Sight::adoption_refused);
    return Refusal::passing;
  }
  open(known);
  const auto& entries = data_.entries;
  const auto begin = entries.empty() ? data_.end->sequence : entries.front().id.sequence - 1;
  const bool is_same_epoch = data_.end->epoch == adopt.cursor.epoch;
  if (begin > (is_same_epoch ? adopt.cursor.sequence : 0)) {
    world_.count(Sight::adoption_too_late);
    return std::optional<EventId>{};
  }
  for (const auto& offer : adopt.offers) {
    const auto count = std::count_if(entries.begin(), entries.end(), [&](const Entry& entry) {
      return entry.adopted_as > adopt.cursor && entry.text == offer.text;
    });
    if (static_cast<std::size_t>(count) < offer.ordinal || canary_ == Canary::adopt_twice) {
      const EventId id = append(offer.text, true);
      const bool has_id = offer.text.find(R"("id":")") != std::string::npos;
      world_.count(has_id ? Sight::message_saved : Sight::bare_adopted);
      send_out(stamped(offer.text, id));
    } else {
      world_.count(Sight::adoption_raced);
    }
  }
  wake_waiters();
  return std::optional{*data_.end};
}

void SimulatedRedis::await(EventId after, Wake wake) {
  waiters_.push_back({after, std::move(wake)});
  wake_waiters();
}

void SimulatedRedis::wake_waiters() {
  const auto waits = [this](const Waiter& waiter) {
    return data_.entries.empty() || data_.entries.back().id <= waiter.after;
  };
  const auto woken = std::stable_partition(waiters_.begin(), waiters_.end(), waits);
  for (auto waiter = woken; waiter != waiters_.end(); ++waiter) {
    std::vector<broker::HistoryEntry> found;
    for (const Entry& entry : data_.entries) {
      if (entry.id > waiter->after && found.size() < awaited_max) {
        found.push_back(told(entry));
      }
    }
    waiter->wake(found);
  }
  waiters_.erase(woken, waiters_.end());
}

EventId SimulatedRedis::append(const std::string& text, bool is_adopted) {
  ++data_.end->sequence;
  const EventId id = *data_.end;
  world_.note("redis: " + to_string(id) + (is_adopted ? " adopts " : " is ") + text);
  if (text.empty()) {
    truth_.tell_loss(id);
  } else {
    truth_.append(id, text, stamped(text, id), is_adopted);
  }
  data_.entries.push_back({id, text, is_adopted ? std::optional{id} : std::nullopt});
  while (data_.entries.size() > plan_.history_length_max) {
    data_.entries.pop_front();
    world_.count(Sight::history_trimmed);
    truth_.trim(data_.entries.front().id);
  }
  return id;
}

std::uint64_t SimulatedRedis::subscribe(Hear hear) {
  subscribers_.emplace(++subscriptions_, std::move(hear));
  return subscriptions_;
}

void SimulatedRedis::unsubscribe(std::uint64_t subscription) {
  subscribers_.erase(subscription);
}

void SimulatedRedis::publish_bare(const std::string& text) {
  world_.note("redis: hears bare " + text);
  send_out(text);
}

void SimulatedRedis::send_out(const std::string& message) {
  for (const auto& [subscription, hear] : subscribers_) {
    hear(message);
  }
}

void SimulatedRedis::refuse_writes(bool refuses) {
  if (refuses != refuses_writes_) {
    world_.note(refuses ? "redis: takes no writes" : "redis: takes writes again");
    refuses_writes_ = refuses;
  }
}

void SimulatedRedis::go_down() {
  is_up_ = false;
  ++incarnation_;
  waiters_.clear();
  subscribers_.clear();
}

void SimulatedRedis::flush() {
  data_ = {};
}

void SimulatedRedis::save() {
  saved_ = data_;
}

void SimulatedRedis::restore() {
  // Without a history to go back to, it is as if it were flushed.
  data_ = saved_;
  truth_.roll_back(data_.end.value_or(EventId{}), plan_.is_redis_durable);
}

void SimulatedRedis::lose_writes(std::size_t count) {
  if (plan_.is_redis_durable || !data_.end) {
    return;
  }
  for (; count > 0 && data_.entries.size() > 1; --count) {
    const EventId lost = data_.entries.back().id;
    data_.entries.pop_back();
    data_.end = data_.entries.back().id;
    for (auto key = data_.keys.begin(); key != data_.keys.end();) {
      key = key->second.id == lost ? data_.keys.erase(key) : std::next(key);
    }
    world_.count(Sight::writes_lost);
  }
  truth_.roll_back(*data_.end, false);
}

}  // namespace regstream::simulation
