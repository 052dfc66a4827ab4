#include "broker/history_call.hpp"

#include <utility>

#include <regstream/broker/broker.hpp>

#include "broker/history_script.hpp"
#include "broker/passing_error.hpp"

namespace regstream::broker {
namespace {

/// Several of these make a long history; one with the largest messages fits into a connection's
/// buffer.
constexpr std::size_t page_bytes = 1U << 20U;

/// Nothing is ever stored under it.
constexpr std::string_view probe_key = "service:registration-updates:probe";

/// What comes in a burst is better read by pages, which have a limit of bytes.
constexpr const char* awaited_max = "4";
/// Well within `RedisTiming::reply_timeout`, by which a Redis that is silent is given up.
constexpr const char* await_ms = "1000";

std::string key_of(std::string_view key) {
  return std::string{channel_name} + ":key:" + std::string{key};
}

/// An entry as XREAD gives it: `[id, [name, value, ...]]`.
std::optional<HistoryEntry> read_entry(const redisReply& reply) {
  const bool is_entry = reply.type == REDIS_REPLY_ARRAY && reply.elements == 2 &&
                        reply.element[1]->type == REDIS_REPLY_ARRAY;
  const auto id = is_entry ? read_id(*reply.element[0]) : std::nullopt;
  if (!id) {
    return std::nullopt;
  }
  std::string_view message;
  bool is_ours = false;
  std::optional<EventId> adopted_as;
  const auto& fields = *reply.element[1];
  for (std::size_t i = 0; i + 1 < fields.elements; i += 2) {
    const auto name = reply_text(*fields.element[i]);
    if (name == "message") {
      message = reply_text(*fields.element[i + 1]);
    }
    is_ours = is_ours || name == "bytes";
    if (name == "adopted") {
      // As the script reads it: the id of an earlier epoch, or what says that it is its own.
      adopted_as = read_id(*fields.element[i + 1]).value_or(*id);
    }
  }
  return HistoryEntry{.id = *id,
                      .message = std::string{is_ours ? message : std::string_view{}},
                      .adopted_as = adopted_as};
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
  command.push_back(std::to_string(1 + keys.size()));
  command.emplace_back(history_key);
  command.insert(command.end(), keys.begin(), keys.end());
  command.emplace_back(mode);
  command.push_back(to_string(known));
  command.push_back(std::to_string(limits_.length_max));
  command.push_back(std::to_string(limits_.bytes_max));
  command.emplace_back(channel_name);
  return command;
}

Command HistoryCalls::open(EventId known) const {
  return call("open", known);
}

Command HistoryCalls::read(EventId known, const ReadHistory& read) const {
  auto command = call("read", known);
  command.push_back(read.from ? to_string(*read.from) : "-");
  command.push_back(std::to_string(page_bytes));
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

bool is_script_unknown(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR && reply_code(reply_text(reply)) == "NOSCRIPT";
}

bool is_out_of_order(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR && reply_code(reply_text(reply)) == "OUTOFORDER";
}

std::optional<EventId> read_id(const redisReply& reply) {
  return reply.type == REDIS_REPLY_STRING ? parse_event_id(reply_text(reply)) : std::nullopt;
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
