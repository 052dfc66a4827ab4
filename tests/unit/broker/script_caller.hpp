#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <regstream/broker/redis_options.hpp>

#include "broker/history_call.hpp"
#include "redis_program.hpp"

namespace regstream::test {

/// One process that calls the script.
struct Caller {
  explicit Caller(const RedisServer& server, broker::RedisHistoryLimits limits = {})
      : program(server), calls(limits) {}

  EventId publish(const std::string& text, const std::string& key, EventId known = {}) {
    const auto reply = program.command(calls.publish(known, key, text));
    INFO(published_text(*reply));
    return published_id(*reply).value();
  }
  /// The answer, an id or a text for each: "1000-1 1000-2"; an error as it is.
  std::string batch(broker::PublishBatch batch, EventId known = {}) {
    const auto reply = program.command(calls.batch(std::move(batch), known));
    std::string text{broker::reply_text(*reply)};
    for (std::size_t i = 0; i < reply->elements; ++i) {
      text.append(i == 0 ? "" : " ").append(broker::reply_text(*reply->element[i]));
    }
    return text;
  }
  EventId open(EventId known = {}) {
    const auto reply = program.command(calls.open(known));
    return read_as<broker::HistoryOpened>(broker::Question::open, *reply).end;
  }
  /// False: the cursor is too old.
  bool adopt(const broker::Adopt& adopt, EventId known = {}) {
    return broker::read_id(*program.command(calls.adopt(known, adopt))).has_value();
  }
  std::vector<std::string> messages() {
    std::vector<std::string> texts;
    for (const auto& entry : program.history().entries) {
      texts.push_back(entry.message);
    }
    return texts;
  }

  OtherProgram program;
  ScriptCalls calls;
};

inline EventId after(EventId id, std::uint64_t count = 1) {
  return {id.epoch, id.sequence + count};
}

}  // namespace regstream::test
