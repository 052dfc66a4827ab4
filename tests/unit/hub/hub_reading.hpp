#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>
#include <regstream/sse/parser.hpp>

#include "hub/hub.hpp"

/// Reads what a hub sends as a client would.
namespace regstream::hub {

struct Reading {
  std::vector<nlohmann::json> messages;  ///< Each event's data.
  std::vector<std::string> ids;          ///< The cursor of a client after each of them.
  std::vector<Duration> retries;
  std::size_t comments = 0;

  /// The messages' types in order: "connected update ping".
  [[nodiscard]] std::string types() const {
    std::string text;
    for (const nlohmann::json& message : messages) {
      if (!text.empty()) {
        text.push_back(' ');
      }
      text.append(message.at("type").get<std::string>());
    }
    return text;
  }
};

inline Reading read_stream(const std::string& bytes) {
  Reading reading;
  sse::Parser parser;
  parser.feed(bytes);
  for (;;) {
    const sse::Token token = parser.next();
    if (const auto* event = std::get_if<sse::Event>(&token)) {
      reading.messages.push_back(nlohmann::json::parse(event->data));
      reading.ids.emplace_back(event->last_event_id);
    } else if (const auto* retry = std::get_if<sse::Retry>(&token)) {
      reading.retries.push_back(retry->delay);
    } else if (std::holds_alternative<sse::Comment>(token)) {
      ++reading.comments;
    } else if (std::holds_alternative<sse::NeedInput>(token)) {
      return reading;
    }
  }
}

inline constexpr std::int64_t reading_timestamp_ms = 1'702'493'000'000;

/// Asks for the updates of one id, or of all.
inline SubscriptionRequest follow(std::optional<std::int64_t> id, std::string_view cursor = {}) {
  return {.ids = id ? std::vector<InstanceId>{*id} : std::vector<InstanceId>{},
          .cursor = std::string{cursor}};
}

/// Everything that one subscription would be sent, as bytes.
inline std::string take_bytes(Hub& hub, SubscriptionId id) {
  std::string bytes;
  for (;;) {
    Outbox& outbox = *hub.collect(id, reading_timestamp_ms);
    if (outbox.empty()) {
      return bytes;
    }
    std::size_t skip = outbox.sent_of_first();
    for (const FramePtr& frame : outbox.frames()) {
      bytes += frame->bytes().substr(std::exchange(skip, 0));
    }
    outbox.consume(outbox.bytes_waiting());
  }
}

inline Reading take(Hub& hub, SubscriptionId id) {
  return read_stream(take_bytes(hub, id));
}

/// Every subscription that `poll` names, in order.
inline std::vector<SubscriptionId> poll_all(Hub& hub) {
  std::vector<SubscriptionId> all;
  while (const auto ready = hub.poll()) {
    all.push_back(*ready);
  }
  return all;
}

/// A hub with an empty, complete history.
class LiveHub : public Hub {
 public:
  static constexpr std::uint64_t epoch = 1'702'492'000'000;

  explicit LiveHub(HubOptions options = {}) : Hub(options) {
    begin_history({.epoch = epoch, .sequence = 0});
    go_live(reading_timestamp_ms);
  }

  using Hub::publish;
  /// The history's next message.
  std::optional<DecodeError> publish(std::string_view message, Instant now = Instant{}) {
    EventId id = journal().position();
    ++id.sequence;
    return Hub::publish(id, message, now);
  }

  static std::string id(std::uint64_t sequence) {
    return to_string(EventId{.epoch = epoch, .sequence = sequence});
  }
};

inline std::string stage_update(std::int64_t registration_id, const std::string& stage,
                                const std::string& stage_status, std::int64_t timestamp_ms) {
  return nlohmann::json{{"registrationId", registration_id},
                        {"status", "PENDING"},
                        {"stage", stage},
                        {"stageStatus", stage_status},
                        {"message", stage + " " + stage_status},
                        {"timestamp", timestamp_ms}}
      .dump();
}

}  // namespace regstream::hub
