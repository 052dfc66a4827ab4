#include "simulation/simulated_redis.hpp"

#include <algorithm>
#include <utility>

namespace regstream::simulation {

std::string stamped(std::string_view text, EventId id) {
  std::string message{text.substr(0, text.size() - 1)};
  message += message.find_first_not_of(" \t\r\n", 1) == std::string::npos ? "" : ",";
  return message + "\"id\":\"" + to_string(id) + "\"}";
}

// --- Commands.

broker::HistoryReply SimulatedRedis::answer(const broker::HistoryCommand& command,
                                            std::uint64_t incarnation) {
  if (const auto* const call = std::get_if<broker::ScriptCall>(&command)) {
    is_replica_asked_ = is_replaced(incarnation);
    auto reply = is_replica_asked_ ? run(*call) : answer(*call);
    is_replica_asked_ = false;
    if (const auto* const end = std::get_if<EventId>(&reply);
        end != nullptr && std::holds_alternative<broker::OpenHistory>(call->mode)) {
      return broker::HistoryOpened{.end = *end, .server = server_of(incarnation)};
    }
    return reply;
  }
  if (std::holds_alternative<broker::AskServer>(command) ||
      std::holds_alternative<broker::AskIdentity>(command)) {
    world_.count(Situation::replica_met, is_replica() ? 1 : 0);
    return broker::ServerIdentity{.run_id = server_of(incarnation),
                                  .replication_id = std::to_string(replication_id_),
                                  .is_replica = is_replica()};
  }
  if (const auto* const await = std::get_if<broker::AwaitHistory>(&command)) {
    broker::AwaitedEntries found;
    for (const Entry& entry : data_.entries) {
      if (entry.id > await->after && found.entries.size() < broker::awaited_max) {
        found.entries.push_back(history_entry(entry));
      }
    }
    return found;
  }
  if (std::holds_alternative<broker::AskDurability>(command)) {
    return broker::Durability{plan_.is_redis_durable};
  }
  if (std::holds_alternative<broker::LoadScript>(command) && !is_replaced(incarnation)) {
    has_script_ = true;
  }
  return broker::Done{};
}

broker::HistoryReply SimulatedRedis::answer(const broker::ScriptCall& call) {
  if (call.names_script && !has_script_) {
    world_.count(Situation::script_unknown);
    return broker::Refused{{broker::RedisFailureKind::flushed, "redis was flushed"}};
  }
  has_script_ = true;
  return run(call);
}

std::string SimulatedRedis::server_of(std::uint64_t incarnation) const {
  return name_ + std::to_string(
                     *std::prev(std::upper_bound(servers_.begin(), servers_.end(), incarnation)));
}

// --- The stream, and who hears of it.

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
    waiter->wake(std::get<broker::AwaitedEntries>(answer(broker::AwaitHistory{waiter->after})));
  }
  waiters_.erase(woken, waiters_.end());
}

EventId SimulatedRedis::append(const std::string& text, bool is_adopted,
                               std::optional<EventId> adopted_as) {
  has_written_ = true;
  const EventId id{.epoch = data_.end->epoch, .sequence = data_.end->sequence + 1};
  world_.note("redis: " + to_string(id) + (is_adopted ? " adopts " : " is ") + text);
  if (truth_ != nullptr && text.empty()) {
    truth_->record_loss(id);
  } else if (truth_ != nullptr) {
    truth_->append(id, text, stamped(text, id), is_adopted, world_.now());
  }
  Entry entry{id, text, adopted_as ? adopted_as : is_adopted ? std::optional{id} : std::nullopt};
  write([entry = std::move(entry)](Data& data) {
    data.end = entry.id;
    data.entries.push_back(entry);
  });
  return id;
}

/// After the last append of a call. If there are too many entries, a hundredth is removed at once.
void SimulatedRedis::keep_length() {
  const std::size_t length_max = plan_.history_length_max;
  const bool is_too_long = data_.entries.size() > length_max;
  while (is_too_long && data_.entries.size() > length_max - length_max / 100) {
    write([](Data& data) { data.entries.pop_front(); });
    world_.count(Situation::history_trimmed);
    if (truth_ != nullptr) {
      truth_->trim(data_.entries.front().id);
    }
  }
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

void SimulatedRedis::demote() {
  world_.note("redis: becomes a replica");
  is_demoted_ = true;
}

void SimulatedRedis::promote(bool is_other) {
  if (!is_demoted_) {
    return;
  }
  world_.note(is_other ? "redis: another server is the primary" : "redis: is the primary again");
  is_demoted_ = false;
  is_promoted_ = true;
  ++incarnation_;
  change_replication_id();
  if (is_other) {
    servers_.push_back(incarnation_);
    has_script_ = false;
    waiters_.clear();
    subscribers_.clear();
  }
}

void SimulatedRedis::go_down() {
  is_up_ = false;
  is_promoted_ = false;
  up_since_ = ++incarnation_;
  change_replication_id();
  servers_.push_back(incarnation_);
  has_script_ = false;
  waiters_.clear();
  subscribers_.clear();
  replica_waiters_.clear();
  lose_replicas();
}

void SimulatedRedis::flush() {
  write([](Data& data) { data = {}; });
  replicate();
  has_script_ =
      false;  // FLUSHALL keeps scripts, but whoever empties a server may flush them as well.
}

void SimulatedRedis::save() {
  saved_ = data_;
}

void SimulatedRedis::restore() {
  // Without a saved history this is the same as a flush.
  data_ = saved_;
  truth_->roll_back(data_.end.value_or(EventId{}), plan_.is_redis_durable);
}

void SimulatedRedis::lose_writes(std::size_t count) {
  if (plan_.is_redis_durable || !data_.end) {
    return;
  }
  const auto& entries = data_.entries;
  if (count == 0 || entries.empty()) {
    return;
  }
  EventId end = entries[entries.size() - 1 - std::min(count, entries.size() - 1)].id;
  for (auto& [name, place] : data_.places) {
    for (const Batch& batch : place.batches) {
      if (batch.begin && *batch.begin <= end && batch.last > end) {
        end = {.epoch = batch.begin->epoch, .sequence = batch.begin->sequence - 1};
      }
    }
  }
  if (end < entries.front().id) {
    return;
  }
  for (auto place = data_.places.begin(); place != data_.places.end();) {
    auto& batches = place->second.batches;
    const auto is_lost = [end](const Batch& batch) { return batch.begin && *batch.begin > end; };
    batches.erase(std::find_if(batches.begin(), batches.end(), is_lost), batches.end());
    place = batches.empty() ? data_.places.erase(place) : std::next(place);
  }
  while (data_.entries.back().id > end) {
    const EventId lost = data_.entries.back().id;
    data_.entries.pop_back();
    data_.end = data_.entries.back().id;
    for (auto key = data_.keys.begin(); key != data_.keys.end();) {
      key = key->second.id == lost ? data_.keys.erase(key) : std::next(key);
    }
    world_.count(Situation::writes_lost);
  }
  truth_->roll_back(*data_.end, false);
}

}  // namespace regstream::simulation
