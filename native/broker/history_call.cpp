#include "broker/history_call.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include "broker/history_script.hpp"
#include "broker/passing_error.hpp"
#include "broker/topology/address.hpp"

namespace regstream::broker {
namespace {

/// Well below `RedisTiming::reply_timeout`, after which a silent Redis is given up.
constexpr const char* await_ms = "1000";

/// The script does not count beyond this. A greater id is made up.
constexpr std::uint64_t number_max = (std::uint64_t{1} << 53U) - 1;

/// A megabyte, which is more than writers may send, plus the id.
constexpr std::size_t message_bytes_max = (std::size_t{1} << 20U) + 256;

bool is_countable(EventId id) {
  return id.epoch < number_max && id.sequence <= number_max;
}

/// Reads a number as the script writes it.
std::optional<std::uint64_t> read_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size() &&
                        (text.size() == 1 || text.front() != '0');
  return is_whole && number <= number_max ? std::optional{number} : std::nullopt;
}

/// Reads an entry that the script wrote, by the rule of its function `ours`. Empty: something else
/// wrote it.
std::optional<HistoryEntry> read_ours(EventId id, const redisReply& fields) {
  const auto text = [&fields](std::size_t index) { return reply_text(*fields.element[index]); };
  const bool has_adopted = fields.elements == 6 && text(4) == "adopted";
  if ((fields.elements != 4 && !has_adopted) || text(0) != "message" || text(2) != "bytes" ||
      !is_countable(id)) {
    return std::nullopt;
  }
  const auto message = text(1);
  const auto bytes = read_count(text(3));
  std::string stamp = "\"id\":\"";
  append_event_id(stamp, id);
  stamp += "\"}";
  if (!bytes || *bytes < message.size() || message.size() > message_bytes_max ||
      !message.starts_with('{') || !message.ends_with(stamp)) {
    return std::nullopt;
  }
  std::optional<EventId> adopted_as;
  if (has_adopted) {
    // Its own id, or its id in an earlier epoch.
    adopted_as = text(5) == "1" ? id : parse_event_id(text(5));
    if (!adopted_as || !is_countable(*adopted_as)) {
      return std::nullopt;
    }
  }
  return HistoryEntry{.id = id, .message = std::string{message}, .adopted_as = adopted_as};
}

/// An entry as XREAD gives it: `[id, [name, value, ...]]`.
std::optional<HistoryEntry> read_entry(const redisReply& reply) {
  const bool is_entry = reply.type == REDIS_REPLY_ARRAY && reply.elements == 2 &&
                        reply.element[1]->type == REDIS_REPLY_ARRAY;
  const auto id = is_entry ? read_id(*reply.element[0]) : std::nullopt;
  if (!id) {
    return std::nullopt;
  }
  return read_ours(*id, *reply.element[1])
      .value_or(HistoryEntry{.id = *id, .message = {}, .adopted_as = {}});
}

}  // namespace

// --- Commands.

Command HistoryCalls::words(const LoadScript& /*load*/) {
  return {"SCRIPT", "LOAD", std::string{history_script}};
}

Command HistoryCalls::words(const AskDurability& /*ask*/) {
  return {"CONFIG", "GET", "*append*"};
}

Command HistoryCalls::words(const ProbeChannel& /*probe*/) {
  return {"PING"};
}

Command HistoryCalls::words(const AwaitReplicas& await) {
  return {"WAIT", std::to_string(await.count), std::to_string(await.timeout.count())};
}

Command HistoryCalls::words(const AwaitHistory& await) const {
  return {"XREAD",   "COUNT",          std::to_string(awaited_max), "BLOCK", await_ms,
          "STREAMS", names_.history(), to_string(await.after)};
}

Command HistoryCalls::words(ScriptCall call) const {
  return std::visit([this, &call](auto& mode) { return this->words(call, mode); }, call.mode);
}

/// The arguments that all modes share. The mode's own ones follow.
Command HistoryCalls::begin(const ScriptCall& call, std::string_view mode, std::string_view channel,
                            const std::vector<std::string>& keys) const {
  const char* const durable = call.may_move      ? "moves"
                              : !call.is_durable ? ""
                              : *call.is_durable ? "1"
                                                 : "0";
  Command command;
  if (call.names_script) {
    command = {"EVALSHA", digest_};
  } else {
    command = {"EVAL", std::string{history_script}};
  }
  command.push_back(std::to_string(2 + keys.size()));
  command.push_back(names_.history());
  command.push_back(names_.server());
  command.insert(command.end(), keys.begin(), keys.end());
  command.emplace_back(mode);
  command.push_back(to_string(call.known));
  command.push_back(std::to_string(limits_.length_max));
  command.push_back(std::to_string(limits_.bytes_max));
  command.emplace_back(channel);
  command.emplace_back(durable);
  return command;
}

Command HistoryCalls::words(const ScriptCall& call, const OpenHistory& /*open*/) const {
  return begin(call, "open");
}

Command HistoryCalls::words(const ScriptCall& call, const ReadHistory& read) const {
  auto command = begin(call, "read");
  command.push_back(read.from ? to_string(*read.from) : "-");
  command.push_back(std::to_string(read.bytes_max));
  return command;
}

Command HistoryCalls::words(const ScriptCall& call, PublishBatch& batch) const {
  std::vector<std::string> keys{names_.publisher(batch.publisher)};
  for (const PublishBatch::Update& update : batch.updates) {
    if (!update.key.empty()) {
      keys.push_back(names_.update(update.key));
    }
  }
  auto command = begin(call, "publish", names_.channel(), keys);
  command.push_back(std::to_string(limits_.key_lifetime.count()));
  command.push_back(std::to_string(batch.first));
  command.emplace_back(batch.is_first_in_line ? "1" : "0");
  for (PublishBatch::Update& update : batch.updates) {
    command.emplace_back(update.key.empty() ? "0" : "1");
    command.push_back(std::move(update.message));
  }
  return command;
}

Command HistoryCalls::words(const ScriptCall& call, const ProbePublishing& /*probe*/) const {
  return begin(call, "probe", {}, {names_.probe()});
}

Command HistoryCalls::words(const ScriptCall& call, Adopt& adopt) const {
  auto command = begin(call, "adopt", names_.adopted_channel());
  command.push_back(to_string(adopt.cursor));
  for (auto& offer : adopt.offers) {
    command.push_back(std::move(offer.text));
    command.push_back(std::to_string(offer.ordinal));
  }
  return command;
}

Command HistoryCalls::words(const ScriptCall& call, const RecordLoss& /*loss*/) const {
  return begin(call, "lose");
}

// --- Replies.
std::optional<EventId> read_id(const redisReply& reply) {
  return reply.type == REDIS_REPLY_STRING ? parse_event_id(reply_text(reply)) : std::nullopt;
}

namespace {

/// An error, or a reply that could not be read.
Refused read_refusal(const redisReply& reply, const RedisPeer& peer) {
  if (reply.type != REDIS_REPLY_ERROR) {
    return {not_redis_failure(peer)};
  }
  const auto text = reply_text(reply);
  const auto code = reply_code(text);
  if (code == "NOSCRIPT") {
    return {flushed_failure(peer)};
  }
  if (code == "UNBLOCKED") {
    return {{RedisFailureKind::renewed, {}}};  // It has become a replica: find another server.
  }
  return {.failure = reply_failure(peer, text), .moved_to = read_redirection(text)};
}

/// Whether each write is on disk before it is acknowledged. If the server does not say so, assume
/// that it loses writes.
bool read_durability(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY) {
    return false;
  }
  const auto has = [&reply](std::string_view name, std::string_view value) {
    for (std::size_t i = 0; i + 1 < reply.elements; i += 2) {
      if (reply_text(*reply.element[i]) == name) {
        return reply_text(*reply.element[i + 1]) == value;
      }
    }
    return false;
  };
  return has("appendonly", "yes") && has("appendfsync", "always") &&
         has("no-appendfsync-on-rewrite", "no");
}

std::optional<HistoryOpened> read_opened(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 2) {
    return std::nullopt;
  }
  const auto end = read_id(*reply.element[0]);
  if (!end) {
    return std::nullopt;
  }
  return HistoryOpened{.end = *end, .server = std::string{reply_text(*reply.element[1])}};
}

/// Each of the replies has a part of the identity, or none.
HistoryReply read_server(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_STRING) {
    return Done{};
  }
  const auto info = reply_text(reply);
  return ServerIdentity{.run_id = std::string{info_field(info, "run_id")},
                        .replication_id = std::string{info_field(info, "master_replid")},
                        .is_replica = info_field(info, "role") == "slave"};
}

std::optional<HistoryPage> read_page(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements < 2) {
    return std::nullopt;
  }
  const auto end = read_id(*reply.element[0]);
  if (!end || reply.element[1]->type != REDIS_REPLY_INTEGER) {
    return std::nullopt;
  }
  HistoryPage page{.end = *end, .is_last = reply.element[1]->integer == 1, .entries = {}};
  page.entries.reserve(reply.elements - 2);
  for (std::size_t i = 2; i < reply.elements; ++i) {
    const auto& entry = *reply.element[i];
    const bool is_entry = entry.type == REDIS_REPLY_ARRAY && entry.elements == 3;
    const auto id = is_entry ? read_id(*entry.element[0]) : std::nullopt;
    if (!id) {
      return std::nullopt;
    }
    page.entries.push_back({.id = *id,
                            .message = std::string{reply_text(*entry.element[1])},
                            .adopted_as = read_id(*entry.element[2])});
  }
  return page;
}

std::optional<AwaitedEntries> read_awaited(const redisReply& reply) {
  AwaitedEntries awaited;
  if (reply.type == REDIS_REPLY_NIL) {
    return awaited;
  }
  // One stream was asked for: `[[key, [entry, ...]]]`.
  const bool is_one_stream = reply.type == REDIS_REPLY_ARRAY && reply.elements == 1 &&
                             reply.element[0]->type == REDIS_REPLY_ARRAY &&
                             reply.element[0]->elements == 2 &&
                             reply.element[0]->element[1]->type == REDIS_REPLY_ARRAY;
  if (!is_one_stream) {
    return std::nullopt;
  }
  const auto& list = *reply.element[0]->element[1];
  for (std::size_t i = 0; i < list.elements; ++i) {
    auto entry = read_entry(*list.element[i]);
    if (!entry) {
      return std::nullopt;
    }
    awaited.entries.push_back(std::move(*entry));
  }
  return awaited;
}

/// An update without an id has an error's text instead.
std::optional<Published> read_published(const redisReply& reply, const RedisPeer& peer) {
  if (reply.type != REDIS_REPLY_ARRAY) {
    return std::nullopt;
  }
  Published published;
  published.results.reserve(reply.elements);
  for (std::size_t i = 0; i < reply.elements; ++i) {
    const redisReply& result = *reply.element[i];
    if (result.type != REDIS_REPLY_STRING) {
      return std::nullopt;
    }
    if (const auto id = read_id(result)) {
      published.results.emplace_back(*id);
    } else {
      published.results.emplace_back(PublishError{reply_failure(peer, reply_text(result)).what});
    }
  }
  return published;
}

std::optional<HistoryReply> read_answer(Question question, const redisReply& reply,
                                        const RedisPeer& peer) {
  switch (question) {
    case Question::open:
      return read_opened(reply);
    case Question::loss:
      return read_id(reply);
    case Question::publish:
      if (reply.type == REDIS_REPLY_ERROR && reply_code(reply_text(reply)) == "OUTOFORDER") {
        return OutOfOrder{};
      }
      return read_published(reply, peer);
    case Question::adoption:
      if (reply.type == REDIS_REPLY_NIL) {
        return CursorTooOld{};
      }
      return read_id(reply);
    case Question::page:
      return read_page(reply);
    case Question::entries:
      return read_awaited(reply);
    case Question::replicas:
      if (reply.type != REDIS_REPLY_INTEGER || reply.integer < 0) {
        return std::nullopt;
      }
      return ReplicasReached{static_cast<std::size_t>(reply.integer)};
    case Question::durability:
      if (reply.type == REDIS_REPLY_ERROR) {
        return std::nullopt;
      }
      return Durability{read_durability(reply)};
    case Question::server:
    case Question::identity:
      return read_server(reply);
    case Question::location:
    case Question::slots:  // `TopologyCalls` reads them.
    case Question::script:
    case Question::probe:
    case Question::channels:
    case Question::channel_probe:
    case Question::deployments:
      break;
  }
  return reply.type == REDIS_REPLY_ERROR ? std::nullopt : std::optional<HistoryReply>{Done{}};
}

}  // namespace

HistoryReply read_reply(Question question, const redisReply& reply, const RedisPeer& peer) {
  auto answer = read_answer(question, reply, peer);
  return answer ? *std::move(answer) : read_refusal(reply, peer);
}

}  // namespace regstream::broker
