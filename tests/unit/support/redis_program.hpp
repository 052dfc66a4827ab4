#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <hiredis/hiredis.h>

#include <regstream/broker/redis_options.hpp>
#include <regstream/workflow/registration.hpp>

#include "broker/history_call.hpp"
#include "broker/history_names.hpp"
#include "broker/resp.hpp"
#include "redis_server.hpp"

namespace regstream::test {

/// Of the built-in workflow.
inline const broker::HistoryNames names{registration_workflow().channel};

/// One process's calls of the script. `known` is the greatest id that it has seen.
struct ScriptCalls {
  explicit ScriptCalls(const broker::RedisHistoryLimits& limits = {}) : calls(names, limits) {}

  [[nodiscard]] broker::Command call(broker::ScriptMode mode, EventId known = {}) const {
    return calls.words(broker::ScriptCall{.mode = std::move(mode),
                                          .known = known,
                                          .is_durable = is_durable,
                                          .may_move = may_move,
                                          .names_script = names_script});
  }
  [[nodiscard]] broker::Command open(EventId known) const {
    return call(broker::OpenHistory{}, known);
  }
  [[nodiscard]] broker::Command read(EventId known, broker::ReadHistory read) const {
    return call(read, known);
  }
  /// By a publisher of its own.
  [[nodiscard]] broker::Command publish(EventId known, std::string key, std::string message) const {
    static std::atomic<int> publishers{0};
    return batch({.publisher = std::to_string(++publishers),
                  .first = 1,
                  .updates = {{.message = std::move(message), .key = std::move(key)}}},
                 known);
  }
  [[nodiscard]] broker::Command batch(broker::PublishBatch batch, EventId known = {}) const {
    return call(std::move(batch), known);
  }
  [[nodiscard]] broker::Command probe() const { return call(broker::ProbePublishing{}); }
  [[nodiscard]] broker::Command adopt(EventId known, broker::Adopt adopt) const {
    return call(std::move(adopt), known);
  }
  [[nodiscard]] broker::Command lose(EventId known) const {
    return call(broker::RecordLoss{}, known);
  }

  broker::HistoryCalls calls;
  std::optional<bool> is_durable;
  bool may_move = false;
  bool names_script = false;
};

/// The reply as a session gets it; std::get<Answer> of it throws if it is another.
template <typename Answer>
Answer read_as(broker::Question question, const redisReply& reply) {
  return std::get<Answer>(broker::read_reply(question, reply, broker::RedisOptions{}));
}

/// The id of a batch's only update, if it has one.
inline std::optional<EventId> published_id(const redisReply& reply) {
  const auto answer = broker::read_reply(broker::Question::publish, reply, broker::RedisOptions{});
  const auto* const published = std::get_if<broker::Published>(&answer);
  const auto* const id = published != nullptr && published->results.size() == 1
                             ? std::get_if<EventId>(&published->results.front())
                             : nullptr;
  return id == nullptr ? std::nullopt : std::optional{*id};
}

/// Redis's answer for the first update of a batch, or for all of it.
inline std::string published_text(const redisReply& reply) {
  const bool is_array = reply.type == REDIS_REPLY_ARRAY && reply.elements > 0;
  return std::string{broker::reply_text(is_array ? *reply.element[0] : reply)};
}

/// Another program: hiredis, blocking, one connection.
class OtherProgram {
 public:
  explicit OtherProgram(const RedisServer& server)
      : context_(redisConnectWithTimeout("127.0.0.1", server.port(), {30, 0})) {
    redisSetTimeout(context_.get(), {30, 0});
  }

  /// A bare PUBLISH: how many subscribers heard it.
  long long publish(std::string_view message) {
    return command({"PUBLISH", names.channel(), std::string{message}})->integer;
  }

  void subscribe(std::string_view channel = names.channel()) {
    command({"SUBSCRIBE", std::string{channel}});
  }

  /// The next message on the channel.
  std::string hear() { return std::string{broker::reply_text(*read()->element[2])}; }

  broker::Reply command(const broker::Command& words) {
    send(words);
    return read();
  }

  /// Without waiting for the answer.
  void send(const broker::Command& words) {
    std::string bytes;
    broker::append_command(bytes, words);
    redisAppendFormattedCommand(context_.get(), bytes.data(), bytes.size());
  }

  /// What was sent is on its way when this returns.
  void flush() {
    for (int is_done = 0; is_done == 0;) {
      if (redisBufferWrite(context_.get(), &is_done) != REDIS_OK) {
        throw std::runtime_error(context_->errstr);
      }
    }
  }

  broker::Reply read() {
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK) {
      throw std::runtime_error(context_->errstr);
    }
    return broker::Reply{static_cast<redisReply*>(reply)};
  }

  /// All that the history holds.
  broker::HistoryPage history() {
    broker::HistoryPage all;
    const ScriptCalls calls;
    std::optional<EventId> from;
    do {
      auto page =
          read_as<broker::HistoryPage>(broker::Question::page, *command(calls.read({}, {from})));
      for (auto& entry : page.entries) {
        if (entry.id != from) {
          all.entries.push_back(std::move(entry));
        }
      }
      from = all.entries.empty() ? page.end : all.entries.back().id;
      all.end = page.end;
      all.is_last = page.is_last;
    } while (!all.is_last);
    return all;
  }

 private:
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  std::unique_ptr<redisContext, Free> context_;
};

/// An update's JSON, told apart by its number.
inline std::string update_json(int number) {
  return R"({"registrationId":42,"status":"PENDING","message":")" + std::to_string(number) + "\"}";
}

/// The same message in the history.
inline std::string stamped_json(std::string text, EventId id) {
  text.pop_back();
  return text + R"(,"id":")" + to_string(id) + "\"}";
}

}  // namespace regstream::test
