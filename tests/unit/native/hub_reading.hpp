#pragma once

#include <cstdint>
#include <map>
#include <string>
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
  std::vector<Duration> retries;

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
    } else if (const auto* retry = std::get_if<sse::Retry>(&token)) {
      reading.retries.push_back(retry->delay);
    } else if (std::holds_alternative<sse::NeedInput>(token)) {
      return reading;
    }
  }
}

/// Takes everything out of one subscription's outbox.
inline Reading take(Hub& hub, SubscriptionId id) {
  Outbox& outbox = *hub.outbox(id);
  std::string bytes;
  for (const FramePtr& frame : outbox.frames()) {
    bytes += frame->bytes();
  }
  bytes.erase(0, outbox.sent_of_first());
  outbox.consume(outbox.bytes_waiting());
  return read_stream(bytes);
}

/// Every subscription that `poll` names, in order.
inline std::vector<Ready> poll_all(Hub& hub) {
  std::vector<Ready> all;
  while (const auto ready = hub.poll()) {
    all.push_back(*ready);
  }
  return all;
}

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
