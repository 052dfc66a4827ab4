// What scripts/history does, mode by mode.
#include <algorithm>
#include <utility>

#include <regstream/broker/publish_limits.hpp>
#include <regstream/broker/redis_options.hpp>

#include "simulation/simulated_redis.hpp"

namespace regstream::simulation {
namespace {

const broker::PassingError no_memory{"OOM", "it has no memory left", false};
const broker::PassingError read_only{"READONLY", "it is a replica", true};

/// The world begins in 2023.
constexpr std::uint64_t began_timestamp_ms = 1'702'493'000'000;

/// A message as the script stores it; empty if it is not a JSON object.
std::optional<std::string> object(std::string_view text) {
  text = broker::trimmed_json(text);
  const bool is_object = text.size() > 1 && text.front() == '{' && text.back() == '}';
  return is_object ? std::optional{std::string{text}} : std::nullopt;
}

}  // namespace

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call) {
  has_written_ = false;
  auto reply = std::visit([this, &call](const auto& mode) { return run(call, mode); }, call.mode);
  replicate();
  wake_waiters();
  return reply;
}

const broker::PassingError* SimulatedRedis::refusal() const {
  if (is_replica()) {
    return &read_only;
  }
  return refuses_writes_ ? &no_memory : nullptr;
}

broker::HistoryReply SimulatedRedis::refuse(Situation situation) {
  world_.count(situation);
  if (is_replica()) {
    world_.count(Situation::replica_refused);
  }
  return broker::Refused{{broker::RedisFailureKind::passing, "redis takes no writes", refusal()}};
}

/// Sets `server` to what must be stored about the server, if that has changed.
bool SimulatedRedis::may_have_lost(const broker::ScriptCall& call,
                                   std::optional<Server>& server) const {
  if (is_replica()) {
    return false;  // A replica shows its primary's data.
  }
  const auto is_durable = call.may_move ? std::optional{false} : call.is_durable;
  const auto& kept = data_.server;
  const bool is_same = kept && kept->replication_id == replication_id_;
  if (is_same && is_durable.value_or(kept->is_durable) == kept->is_durable) {
    return false;
  }
  server = Server{.replication_id = replication_id_,
                  .is_durable = is_durable.value_or(is_same && kept->is_durable),
                  .epoch = 0};
  const bool has_all =
      is_same || (kept && kept->is_durable && plan_.is_redis_durable && !is_promoted_);
  const bool is_trusted = canary_ == Canary::trust_restart ||
                          (canary_ == Canary::trust_failover && call.may_move && kept);
  return !has_all && !is_trusted;
}

bool SimulatedRedis::open(const broker::ScriptCall& call) {
  std::optional<Server> server;
  const bool is_doubtful = may_have_lost(call, server);
  const bool has_begun = !data_.end || call.known > *data_.end || is_doubtful;
  if (has_begun) {
    if (refusal() != nullptr) {
      return false;
    }
    if (is_doubtful && data_.server) {
      world_.count(call.may_move ? Situation::failover_doubted : Situation::restart_doubted);
    }
    begin_epoch(call);
  }
  if (server && refusal() == nullptr) {
    write([server](Data& data) { data.server = server; });
  }
  if (data_.server && (server || has_begun) && refusal() == nullptr) {
    write([epoch = data_.end->epoch](Data& data) { data.server->epoch = epoch; });
  }
  was_oldest_message_ = !has_begun && !data_.entries.empty() && !data_.entries.front().text.empty();
  return true;
}

/// Keeps two servers that don't know of each other from beginning the same epoch.
std::uint64_t SimulatedRedis::own_milliseconds(const broker::ScriptCall& call) const {
  constexpr std::uint64_t spread = 40'503;  // Knuth's multiplier: neighbours are far apart.
  return call.may_move ? replication_id_ * spread % 65'536 : 0;
}

void SimulatedRedis::begin_epoch(const broker::ScriptCall& call) {
  const EventId known = call.known;
  const auto& end = data_.end;
  const std::uint64_t now =
      began_timestamp_ms +
      static_cast<std::uint64_t>((world_.now().time_since_epoch() + set_by_).count());
  const auto least = std::max({now, known.epoch + 1, data_.server ? data_.server->epoch + 1 : 0,
                               end ? end->epoch + 1 : std::uint64_t{0}});
  const auto epoch = least + own_milliseconds(call);
  const auto kept = data_.entries;
  if (!kept.empty()) {
    world_.count(Situation::history_carried_over);
  }
  write([epoch](Data& data) {
    data.entries.clear();
    data.end = EventId{.epoch = epoch, .sequence = 0};
  });
  world_.note("redis: a history begins, " + to_string(*end));
  if (truth_ != nullptr) {
    truth_->begin(epoch);
  }
  for (const Entry& entry : kept) {
    if (!entry.text.empty()) {
      append(entry.text, entry.adopted_as.has_value(), entry.adopted_as);
      keep_length();
    }
  }
}

/// Called before a message is appended. Removes entries without a message from the history's
/// beginning. (No run has so many bytes that messages go.)
void SimulatedRedis::trim() {
  while (!was_oldest_message_ && !data_.entries.empty() && data_.entries.front().text.empty()) {
    write([](Data& data) { data.entries.pop_front(); });
    has_written_ = true;
  }
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call,
                                         const broker::OpenHistory& /*open*/) {
  if (!open(call)) {
    return refuse(Situation::read_refused);
  }
  return *data_.end;
}

broker::HistoryEntry SimulatedRedis::history_entry(const Entry& entry) {
  return {entry.id, entry.text.empty() ? std::string{} : stamped(entry.text, entry.id),
          entry.adopted_as};
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call,
                                         const broker::ReadHistory& read) {
  if (!open(call)) {
    return refuse(Situation::read_refused);
  }
  broker::HistoryPage page{.end = *data_.end, .is_last = true, .entries = {}};
  auto entry = data_.entries.begin();
  if (read.from) {
    entry = std::lower_bound(data_.entries.begin(), data_.entries.end(), *read.from,
                             [](const Entry& left, const EventId& id) { return left.id < id; });
  }
  std::size_t bytes = 0;
  for (; entry != data_.entries.end(); ++entry) {
    if (bytes >= read.bytes_max) {
      page.is_last = false;
      break;
    }
    page.entries.push_back(history_entry(*entry));
    if (entry->id != read.from) {
      bytes += page.entries.back().message.size() + entry_bytes;
    }
  }
  return page;
}

const EventId* SimulatedRedis::id_of_key(const std::string& key) const {
  const auto found = data_.keys.find(key);
  const bool is_there = found != data_.keys.end() && found->second.expiry > world_.now();
  return is_there ? &found->second.id : nullptr;
}

const SimulatedRedis::Place* SimulatedRedis::place_of(const std::string& publisher) const {
  const auto found = data_.places.find(publisher);
  const bool is_there = found != data_.places.end() && found->second.expiry > world_.now();
  return is_there ? &found->second : nullptr;
}

/// Empty: the update must be appended.
std::optional<broker::PublishResult> SimulatedRedis::settled(
    const broker::PublishBatch::Update& update) {
  if (const EventId* const id = update.key.empty() ? nullptr : id_of_key(update.key)) {
    world_.count(Situation::publish_repeated);
    return *id;
  }
  if (!object(update.message)) {
    return broker::PublishError{"the update is not a JSON object"};
  }
  return std::nullopt;
}

broker::Published SimulatedRedis::answered(const Batch& known, const broker::PublishBatch& batch) {
  world_.count(Situation::batch_repeated);
  broker::Published published;
  for (std::size_t i = 0; i < known.ids.size(); ++i) {
    published.results.push_back(
        known.ids[i] ? broker::PublishResult{*known.ids[i]}
                     : settled(batch.updates[i]).value_or(broker::PublishError{"it was refused"}));
  }
  return published;
}

void SimulatedRedis::remember(const broker::PublishBatch& batch, Batch sent) {
  const Place* const before = place_of(batch.publisher);
  Place place = before == nullptr ? Place{} : *before;
  place.batches.push_back(std::move(sent));
  if (place.batches.size() > broker::known_batches_max) {
    place.batches.pop_front();
  }
  place.expiry = world_.now() + broker::RedisHistoryLimits{}.key_lifetime;
  write([name = batch.publisher, place = std::move(place)](Data& data) {
    data.places[name] = place;
  });
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call,
                                         const broker::PublishBatch& batch) {
  const std::size_t count = batch.updates.size();
  if (const Place* const place = place_of(batch.publisher)) {
    const auto known =
        std::find_if(place->batches.begin(), place->batches.end(), [&](const Batch& earlier) {
          return earlier.first == batch.first && earlier.ids.size() == count;
        });
    if (known != place->batches.end()) {
      if (refusal() != nullptr) {
        return refuse(Situation::write_refused);
      }
      auto published = answered(*known, batch);
      const Instant expiry = world_.now() + broker::RedisHistoryLimits{}.key_lifetime;
      write([name = batch.publisher, expiry](Data& data) { data.places[name].expiry = expiry; });
      return published;
    }
    const auto next = place->batches.back().first + place->batches.back().ids.size();
    if (batch.first < next) {
      return broker::Refused{{broker::RedisFailureKind::rejected, "the updates are older"}};
    }
    if (batch.first > next && !batch.is_first_in_line) {
      world_.count(Situation::publish_out_of_order);
      return broker::OutOfOrder{};
    }
  } else if (!batch.is_first_in_line) {
    world_.count(Situation::publish_out_of_order);
    return broker::OutOfOrder{};
  }

  std::vector<std::optional<broker::PublishResult>> results(count);
  std::vector<std::size_t> same(count);  // The update that has the key.
  std::map<std::string, std::size_t> by_key;
  std::vector<std::size_t> fresh;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& update = batch.updates[i];
    const auto found = by_key.find(update.key);
    same[i] = found == by_key.end() ? i : found->second;
    if (same[i] == i) {
      results[i] = settled(update);
    }
    if (same[i] == i && !results[i]) {
      fresh.push_back(i);
      if (!update.key.empty()) {
        by_key.emplace(update.key, i);
      }
    }
  }
  if (fresh.empty() && refusal() != nullptr) {
    return refuse(Situation::write_refused);
  }
  if (!fresh.empty()) {
    if (!open(call)) {
      return refuse(Situation::write_refused);
    }
    trim();
    if (refuses()) {
      return refuse(Situation::write_refused);
    }
  }
  world_.count(Situation::updates_batched, count > 1 ? 1 : 0);
  Batch sent{.first = batch.first, .ids = {}, .begin = std::nullopt, .last = {}};
  for (const std::size_t i : fresh) {
    const auto& update = batch.updates[i];
    const auto text = *object(update.message);
    sent.last = append(text, false);
    sent.begin = sent.begin.value_or(sent.last);
    results[i] = sent.last;
    if (!update.key.empty()) {
      const Key key{.id = sent.last,
                    .expiry = world_.now() + broker::RedisHistoryLimits{}.key_lifetime};
      write([name = update.key, key](Data& data) { data.keys[name] = key; });
    }
    send_out(stamped(text, sent.last));
  }
  keep_length();
  broker::Published published;
  for (const std::size_t i : same) {
    published.results.push_back(*results[i]);
    const auto* const id = std::get_if<EventId>(&*results[i]);
    sent.ids.push_back(id == nullptr ? std::nullopt : std::optional{*id});
  }
  remember(batch, std::move(sent));
  return published;
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& /*call*/,
                                         const broker::ProbePublishing& /*probe*/) {
  if (refusal() != nullptr) {
    return refuse(Situation::probe_refused);
  }
  return broker::Done{};
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call,
                                         const broker::Adopt& adopt) {
  if (!open(call)) {
    return refuse(Situation::adoption_refused);
  }
  const auto& entries = data_.entries;
  const auto begin = entries.empty() ? data_.end->sequence : entries.front().id.sequence - 1;
  const bool is_same_epoch = data_.end->epoch == adopt.cursor.epoch;
  if (begin > (is_same_epoch ? adopt.cursor.sequence : 0)) {
    world_.count(Situation::adoption_too_late);
    return broker::CursorTooOld{};
  }
  std::map<std::string, std::size_t> adopted;  // How often each text occurs after the cursor.
  for (const Entry& entry : entries) {
    adopted[entry.text] += entry.adopted_as > adopt.cursor ? 1U : 0U;
  }
  for (const auto& offer : adopt.offers) {
    const auto text = object(offer.text);
    if (!text || (adopted[*text] >= offer.ordinal && canary_ != Canary::adopt_twice)) {
      world_.count(Situation::adoption_raced);
      continue;
    }
    trim();
    if (refuses()) {
      return refuse(Situation::adoption_refused);
    }
    ++adopted[*text];
    const EventId id = append(*text, true);
    keep_length();
    const bool has_id = text->find(R"("id":")") != std::string::npos;
    const bool is_forged = truth_ != nullptr && truth_->is_forged(*text, Forgery::unknown_id);
    world_.count(is_forged ? Situation::forgery_adopted
                 : has_id  ? Situation::message_saved
                           : Situation::bare_adopted);
    send_out(stamped(*text, id));
  }
  return *data_.end;
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call,
                                         const broker::RecordLoss& /*loss*/) {
  if (canary_ == Canary::silent_loss) {
    world_.note("redis: the canary does not tell of a loss");
    return data_.end.value_or(call.known);
  }
  if (!open(call)) {
    return refuse(Situation::write_refused);
  }
  if (refuses()) {
    return refuse(Situation::write_refused);
  }
  append({}, false);
  keep_length();
  world_.count(Situation::loss_recorded);
  return *data_.end;
}

}  // namespace regstream::simulation
