#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/broker/redis_broker.hpp>

#include "redis_program.hpp"
#include "redis_server.hpp"
#include "run_until.hpp"

namespace regstream::test {

using broker::PublishError;
using broker::PublishHandler;
using broker::PublishLimits;
using broker::PublishResult;
using broker::RedisBroker;
using broker::RedisOptions;
using broker::Subscriber;
using Messages = std::vector<std::string>;

inline RedisOptions options_of(const RedisServer& server) {
  RedisOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.timing.backoff = {Duration{5}, Duration{20}};
  return options;
}

/// A broker with a record of its deliveries and of its publishes' results.
struct BrokerFixture final : Subscriber {
  explicit BrokerFixture(const RedisOptions& options, PublishLimits limits = {})
      : broker(std::make_unique<RedisBroker>(context, options, limits)) {
    broker->subscribe(*this);
  }

  void on_history(EventId position) override {
    histories.push_back(position);
    last = position;
    heard.clear();
    is_live = false;
  }
  /// By the contract alone: contiguous, each with its id.
  void on_message(EventId id, std::string_view message) override {
    CHECK(id == EventId{last.epoch, last.sequence + 1});
    last = id;
    const std::string stamp = ",\"id\":\"" + to_string(id) + "\"}";
    REQUIRE(message.ends_with(stamp));
    heard.push_back(std::string{message.substr(0, message.size() - stamp.size())} + '}');
  }
  void on_live() override { is_live = true; }
  void on_caught_up() override { ++caught_up; }

  void publish(const std::string& message, const std::string& key = {}) {
    broker->publish(message, key, handler(message));
  }
  void publish_now(const std::string& message) {
    broker->publish_now(message, {}, handler(message));
  }
  PublishHandler handler(const std::string& message) {
    return [this, message](const PublishResult& result) {
      if (const auto* const error = std::get_if<PublishError>(&result)) {
        failed.push_back(message);
        last_error = error->what;
      } else {
        done.push_back(message);
        ids.push_back(std::get<EventId>(result));
      }
    };
  }

  template <typename Condition>
  bool wait(Condition condition) {
    return run_until(context, condition);
  }
  bool wait_connected() {
    return wait([this] { return broker->is_connected(); });
  }
  bool wait_disconnected() {
    return wait([this] { return !broker->is_connected(); });
  }
  bool wait_heard(std::size_t count) {
    return wait([this, count] { return heard.size() >= count; });
  }
  bool wait_done(std::size_t count) {
    return wait([this, count] { return done.size() >= count; });
  }

  boost::asio::io_context context;
  std::vector<EventId> histories;
  EventId last;
  Messages heard;  // Since the last history began.
  bool is_live = false;
  int caught_up = 0;
  Messages done;
  std::vector<EventId> ids;
  Messages failed;
  std::string last_error;
  std::unique_ptr<RedisBroker> broker;
};

inline Messages updates(int from, int to) {
  Messages messages;
  for (int number = from; number <= to; ++number) {
    messages.push_back(update_json(number));
  }
  return messages;
}

/// Takes turns, so that none of them starves.
template <typename Condition>
bool run_all_until(std::initializer_list<BrokerFixture*> fixtures, Condition condition) {
  return run_until((*fixtures.begin())->context, [&] {
    for (auto* const fixture : fixtures) {
      fixture->context.restart();
      fixture->context.poll();
    }
    return condition();
  });
}

}  // namespace regstream::test
