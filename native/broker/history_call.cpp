#include "broker/history_call.hpp"

#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include <regstream/broker/broker.hpp>

#include "broker/history_script.hpp"
#include "broker/passing_error.hpp"

namespace regstream::broker {
namespace {

/// Nothing is ever stored under it.
constexpr std::string_view probe_key = "service:registration-updates:probe";

/// What comes in a burst is better read by pages, which have a limit of bytes.
constexpr const char* awaited_max = "4";
/// Well within `RedisTiming::reply_timeout`, by which a Redis that is silent is given up.
constexpr const char* await_ms = "1000";

std::string key_of(std::string_view key) {
  return std::string{channel_name} + ":key:" + std::string{key};
}

/// Beyond this the script does not count: whoever has such an id has made it up.
constexpr std::uint64_t number_max = (std::uint64_t{1} << 53U) - 1;

/// A megabyte, which is more than writers may send, and its id.
constexpr std::size_t message_bytes_max = (std::size_t{1} << 20U) + 256;

bool is_countable(EventId id) {
  return id.epoch < number_max && id.sequence <= number_max;
}

/// The number that a text says as the script writes numbers.
std::optional<std::uint64_t> read_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size() &&
                        (text.size() == 1 || text.front() != '0');
  return is_whole && number <= number_max ? std::optional{number} : std::nullopt;
}

/// What an entry says that the script wrote, by the rule of its `ours`; nothing if somebody else
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
    // Its own id, or the one that it had in an earlier epoch.
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

Command HistoryCalls::load() const {
  return {"SCRIPT", "LOAD", std::string{history_script}};
}

Command HistoryCalls::call(std::string_view mode, EventId known,
                           std::initializer_list<std::string_view> keys) const {
  Command command;
  if (digest_.empty()) {
    command = {"EVAL", std::string{history_script}};
  } else {
    command = {"EVALSHA", digest_};
  }
  command.push_back(std::to_string(2 + keys.size()));
  command.emplace_back(history_key);
  command.emplace_back(server_key);
  command.insert(command.end(), keys.begin(), keys.end());
  command.emplace_back(mode);
  command.push_back(to_string(known));
  command.push_back(std::to_string(limits_.length_max));
  command.push_back(std::to_string(limits_.bytes_max));
  command.emplace_back(channel_name);
  command.push_back(durable_);
  return command;
}

Command HistoryCalls::open(EventId known) const {
  return call("open", known);
}

Command HistoryCalls::read(EventId known, const ReadHistory& read) const {
  auto command = call("read", known);
  command.push_back(read.from ? to_string(*read.from) : "-");
  command.push_back(std::to_string(read.bytes_max));
  return command;
}

Command HistoryCalls::await(const AwaitHistory& await) {
  return {"XREAD",
          "COUNT",
          awaited_max,
          "BLOCK",
          await_ms,
          "STREAMS",
          std::string{history_key},
          to_string(await.after)};
}

Command HistoryCalls::adopt(EventId known, const Adopt& adopt) const {
  auto command = call("adopt", known);
  command.push_back(to_string(adopt.cursor));
  for (const auto& offer : adopt.offers) {
    command.push_back(offer.text);
    command.push_back(std::to_string(offer.ordinal));
  }
  return command;
}

Command HistoryCalls::publish(EventId known, std::string_view key, std::string message,
                              std::string_view key_before) const {
  auto command = key_before.empty() ? call("publish", known, {key_of(key)})
                                    : call("publish", known, {key_of(key), key_of(key_before)});
  command.push_back(std::to_string(limits_.key_lifetime.count()));
  command.push_back(std::move(message));
  return command;
}

Command HistoryCalls::probe() const {
  return call("probe", EventId{}, {probe_key});
}

Command HistoryCalls::lose(EventId known) const {
  return call("lose", known);
}

Command HistoryCalls::ask_durability() {
  return {"CONFIG", "GET", "*append*"};
}

bool is_script_unknown(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR && reply_code(reply_text(reply)) == "NOSCRIPT";
}

bool is_out_of_order(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR && reply_code(reply_text(reply)) == "OUTOFORDER";
}

std::optional<EventId> read_id(const redisReply& reply) {
  return reply.type == REDIS_REPLY_STRING ? parse_event_id(reply_text(reply)) : std::nullopt;
}

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

std::optional<std::vector<HistoryEntry>> read_awaited(const redisReply& reply) {
  std::vector<HistoryEntry> entries;
  if (reply.type == REDIS_REPLY_NIL) {
    return entries;
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
    entries.push_back(std::move(*entry));
  }
  return entries;
}

}  // namespace regstream::broker
