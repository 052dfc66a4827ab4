// What scripts/history.lua does, mode by mode.
#include <algorithm>
#include <utility>

#include <regstream/broker/redis_options.hpp>

#include "simulation/simulated_redis.hpp"

namespace regstream::simulation {
namespace {

const broker::PassingError no_memory{"OOM", "it has no memory left", false};
const broker::PassingError read_only{"READONLY", "it is a replica", true};

/// The world begins in 2023.
constexpr std::uint64_t began_timestamp_ms = 1'702'493'000'000;

/// As the script takes a message in; empty if it is no JSON object.
std::optional<std::string> object(std::string_view text) {
  text = broker::trimmed_json(text);
  const bool is_object = text.size() > 1 && text.front() == '{' && text.back() == '}';
  return is_object ? std::optional{std::string{text}} : std::nullopt;
}

}  // namespace

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call) {
  has_written_ = false;
  auto reply = std::visit([this, &call](const auto& mode) { return run(call, mode); }, call.mode);
  wake_waiters();
  return reply;
}

const broker::PassingError* SimulatedRedis::refusal() const {
  if (is_replica()) {
    return &read_only;
  }
  return refuses_writes_ ? &no_memory : nullptr;
}

broker::HistoryReply SimulatedRedis::refuse(Sight sight) {
  world_.count(sight);
  if (is_replica()) {
    world_.count(Sight::replica_refused);
  }
  return broker::Refused{{broker::RedisFailureKind::passing, "redis takes no writes", refusal()}};
}

/// `server`: what is to be kept of it, if that is new.
bool SimulatedRedis::may_have_lost(std::optional<bool> is_durable,
                                   std::optional<Server>& server) const {
  if (is_replica()) {
    return false;  // It shows what its primary has.
  }
  const auto& kept = data_.server;
  const bool is_same = kept && kept->incarnation == incarnation_;
  if (is_same && is_durable.value_or(kept->is_durable) == kept->is_durable) {
    return false;
  }
  server = Server{.incarnation = incarnation_,
                  .is_durable = is_durable.value_or(is_same && kept->is_durable),
                  .epoch = 0};
  const bool has_all =
      is_same || (kept && kept->is_durable && plan_.is_redis_durable && !is_promoted_);
  return !has_all && canary_ != Canary::trust_restart;
}

bool SimulatedRedis::open(const broker::ScriptCall& call) {
  std::optional<Server> server;
  const bool is_doubtful = may_have_lost(call.is_durable, server);
  const bool has_begun = !data_.end || call.known > *data_.end || is_doubtful;
  if (has_begun) {
    if (refusal() != nullptr) {
      return false;
    }
    if (is_doubtful && data_.server) {
      world_.count(Sight::restart_doubted);
    }
    begin_epoch(call.known);
  }
  if (server && refusal() == nullptr) {
    data_.server = server;
  }
  if (data_.server && (server || has_begun) && refusal() == nullptr) {
    data_.server->epoch = data_.end->epoch;
  }
  was_oldest_message_ = !has_begun && !data_.entries.empty() && !data_.entries.front().text.empty();
  return true;
}

void SimulatedRedis::begin_epoch(EventId known) {
  auto& end = data_.end;
  const std::uint64_t now =
      began_timestamp_ms +
      static_cast<std::uint64_t>((world_.now().time_since_epoch() + set_by_).count());
  const auto epoch = std::max({now, known.epoch + 1, data_.server ? data_.server->epoch + 1 : 0,
                               end ? end->epoch + 1 : std::uint64_t{0}});
  auto kept = std::exchange(data_.entries, {});
  if (!kept.empty()) {
    world_.count(Sight::history_carried_over);
  }
  end = EventId{.epoch = epoch, .sequence = 0};
  world_.note("redis: a history begins, " + to_string(*end));
  if (truth_ != nullptr) {
    truth_->begin(epoch);
  }
  for (const Entry& entry : kept) {
    if (!entry.text.empty()) {
      append(entry.text, entry.adopted_as.has_value());
      data_.entries.back().adopted_as = entry.adopted_as;
    }
  }
}

/// Before a message is appended: what has none goes first, where the history began with such a one.
/// (No run has so many bytes that messages go.)
void SimulatedRedis::trim() {
  while (!was_oldest_message_ && !data_.entries.empty() && data_.entries.front().text.empty()) {
    data_.entries.pop_front();
    has_written_ = true;
  }
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call,
                                         const broker::OpenHistory& /*open*/) {
  if (!open(call)) {
    return refuse(Sight::read_refused);
  }
  return *data_.end;
}

broker::HistoryEntry SimulatedRedis::told(const Entry& entry) {
  return {entry.id, entry.text.empty() ? std::string{} : stamped(entry.text, entry.id),
          entry.adopted_as};
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call,
                                         const broker::ReadHistory& read) {
  if (!open(call)) {
    return refuse(Sight::read_refused);
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
    page.entries.push_back(told(*entry));
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

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call,
                                         const broker::PublishUpdate& publish) {
  if (const EventId* const earlier = id_of_key(publish.key)) {
    world_.count(Sight::publish_repeated);
    return *earlier;
  }
  const auto is_there = [this](const std::string& key) { return id_of_key(key) != nullptr; };
  if (!std::all_of(publish.keys_before.begin(), publish.keys_before.end(), is_there)) {
    world_.count(Sight::publish_out_of_order);
    return broker::OutOfOrder{};
  }
  const auto text = object(publish.message);
  if (!text) {
    return broker::Refused{{broker::RedisFailureKind::rejected, "the update is no JSON object"}};
  }
  if (!open(call)) {
    return refuse(Sight::write_refused);
  }
  trim();
  if (refuses()) {
    return refuse(Sight::write_refused);
  }
  const EventId id = append(*text, false);
  data_.keys[publish.key] = {.id = id,
                             .expiry = world_.now() + broker::RedisHistoryLimits{}.key_lifetime};
  send_out(stamped(*text, id));
  return id;
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& /*call*/,
                                         const broker::ProbePublishing& /*probe*/) {
  if (refusal() != nullptr) {
    return refuse(Sight::probe_refused);
  }
  return broker::Done{};
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call,
                                         const broker::Adopt& adopt) {
  if (!open(call)) {
    return refuse(Sight::adoption_refused);
  }
  const auto& entries = data_.entries;
  const auto begin = entries.empty() ? data_.end->sequence : entries.front().id.sequence - 1;
  const bool is_same_epoch = data_.end->epoch == adopt.cursor.epoch;
  if (begin > (is_same_epoch ? adopt.cursor.sequence : 0)) {
    world_.count(Sight::adoption_too_late);
    return broker::CursorTooOld{};
  }
  std::map<std::string, std::size_t> adopted;  // How often each text was, after the cursor.
  for (const Entry& entry : entries) {
    adopted[entry.text] += entry.adopted_as > adopt.cursor ? 1U : 0U;
  }
  for (const auto& offer : adopt.offers) {
    const auto text = object(offer.text);
    if (!text || (adopted[*text] >= offer.ordinal && canary_ != Canary::adopt_twice)) {
      world_.count(Sight::adoption_raced);
      continue;
    }
    trim();
    if (refuses()) {
      return refuse(Sight::adoption_refused);
    }
    ++adopted[*text];
    const EventId id = append(*text, true);
    const bool has_id = text->find(R"("id":")") != std::string::npos;
    const bool is_forged = truth_ != nullptr && truth_->is_forged(*text, Forgery::unknown_id);
    world_.count(is_forged ? Sight::forgery_adopted
                 : has_id  ? Sight::message_saved
                           : Sight::bare_adopted);
    send_out(stamped(*text, id));
  }
  return *data_.end;
}

broker::HistoryReply SimulatedRedis::run(const broker::ScriptCall& call,
                                         const broker::TellLoss& /*loss*/) {
  if (canary_ == Canary::silent_loss) {
    world_.note("redis: the canary does not tell of a loss");
    return data_.end.value_or(call.known);
  }
  if (!open(call)) {
    return refuse(Sight::write_refused);
  }
  if (refuses()) {
    return refuse(Sight::write_refused);
  }
  append({}, false);
  world_.count(Sight::loss_told);
  return *data_.end;
}

}  // namespace regstream::simulation
