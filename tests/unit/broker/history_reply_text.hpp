#pragma once

#include <string>
#include <variant>

#include "broker/history/history_command.hpp"

/// Replies as text, so that those of two servers can be compared.
namespace regstream::test {

using namespace regstream::broker;  // NOLINT: every command and reply.

inline std::string shown(const HistoryEntry& entry) {
  return to_string(entry.id) + '=' + entry.message + '/' +
         (entry.adopted_as ? to_string(*entry.adopted_as) : "");
}

struct Shown {
  std::string operator()(const Done& /*done*/) const { return "done"; }
  std::string operator()(const EventId& id) const { return to_string(id); }
  std::string operator()(const HistoryPage& page) const {
    std::string text = "page to " + to_string(page.end) + (page.is_last ? ", last" : ", more");
    for (const HistoryEntry& entry : page.entries) {
      text += ' ' + shown(entry);
    }
    return text;
  }
  std::string operator()(const AwaitedEntries& awaited) const {
    std::string text = "entries";
    for (const HistoryEntry& entry : awaited.entries) {
      text += ' ' + shown(entry);
    }
    return text;
  }
  std::string operator()(const CursorTooOld& /*old*/) const { return "cursor too old"; }
  std::string operator()(const auto& /*other*/) const { return "other"; }
  std::string operator()(const Durability& /*durability*/) const { return "durability"; }
  std::string operator()(const Published& published) const {
    std::string text = "published";
    for (const PublishResult& result : published.results) {
      const auto* const id = std::get_if<EventId>(&result);
      text += ' ' + (id == nullptr ? "refused" : to_string(*id));
    }
    return text;
  }
  std::string operator()(const OutOfOrder& /*order*/) const { return "out of order"; }
  std::string operator()(const HistoryOpened& opened) const { return to_string(opened.end); }
  std::string operator()(const ServerIdentity& /*identity*/) const { return "identity"; }
  std::string operator()(const Refused& refused) const {
    return refused.failure.passing != nullptr ? "refused in passing" : "refused";
  }
};

inline std::string shown(const HistoryReply& reply) {
  return std::visit(Shown{}, reply);
}

}  // namespace regstream::test
