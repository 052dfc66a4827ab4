#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <hiredis/hiredis.h>

#include <regstream/broker/broker.hpp>

#include "broker/history_call.hpp"
#include "broker/resp.hpp"
#include "redis_server.hpp"

namespace regstream::test {

/// Somebody else's program: hiredis, blocking, one connection.
class OtherProgram {
 public:
  explicit OtherProgram(const RedisServer& server)
      : context_(redisConnectWithTimeout("127.0.0.1", server.port(), {30, 0})) {
    redisSetTimeout(context_.get(), {30, 0});
  }

  /// A bare PUBLISH: how many subscribers heard it.
  long long publish(std::string_view message) {
    return command({"PUBLISH", std::string{broker::channel_name}, std::string{message}})->integer;
  }

  void subscribe(std::string_view channel = broker::channel_name) {
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
    const broker::HistoryCalls calls{{}};
    std::optional<EventId> from;
    do {
      auto page = broker::read_page(*command(calls.read({}, {from}))).value();
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

/// What becomes of it in the history.
inline std::string stamped_json(std::string text, EventId id) {
  text.pop_back();
  return text + R"(,"id":")" + to_string(id) + "\"}";
}

}  // namespace regstream::test
