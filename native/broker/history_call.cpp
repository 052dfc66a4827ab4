#include "broker/history_call.hpp"

#include <utility>

#include <regstream/broker/broker.hpp>

#include "broker/history_script.hpp"

namespace regstream::broker {
namespace {

/// Several of these make a long history; one with the largest messages fits into a connection's
/// buffer.
constexpr std::size_t page_bytes = 1U << 20U;

std::string key_of(std::string_view key) {
  return std::string{channel_name} + ":key:" + std::string{key};
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

bool is_to_be_sent_again(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR &&
         (reply_text(reply).starts_with("NOSCRIPT") || reply_text(reply).starts_with("OUTOFORDER"));
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
    const bool is_entry = entry.type == REDIS_REPLY_ARRAY && entry.elements == 3 &&
                          entry.element[2]->type == REDIS_REPLY_INTEGER;
    const auto id = is_entry ? read_id(*entry.element[0]) : std::nullopt;
    if (!id) {
      return std::nullopt;
    }
    page.entries.push_back({.id = *id,
                            .message = std::string{reply_text(*entry.element[1])},
                            .is_adopted = entry.element[2]->integer == 1});
  }
  return page;
}

}  // namespace regstream::broker
