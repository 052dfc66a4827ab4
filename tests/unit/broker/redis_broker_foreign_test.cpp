// A broker continues although someone else writes into its history.

#include <algorithm>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/broker/redis_broker.hpp>

#include "redis_program.hpp"
#include "redis_server.hpp"
#include "run_until.hpp"

namespace {

using regstream::Duration;
using regstream::EventId;
using regstream::broker::PublishResult;
using regstream::broker::RedisBroker;
using regstream::broker::RedisOptions;
using regstream::broker::Subscriber;
using regstream::test::OtherProgram;
using regstream::test::RedisServer;
using regstream::test::run_until;
using regstream::test::stamped_json;
using regstream::test::update_json;

const std::string history = regstream::test::names.history();

RedisOptions options_of(const RedisServer& server) {
  RedisOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.timing.backoff = {Duration{5}, Duration{20}};
  return options;
}

struct Listener final : Subscriber {
  explicit Listener(RedisBroker& broker) { broker.subscribe(*this); }

  void on_history(EventId /*position*/) override { heard.clear(); }
  void on_message(EventId /*id*/, std::string_view message) override {
    heard.emplace_back(message);
  }
  void on_live() override {}
  void on_caught_up() override {}

  [[nodiscard]] bool has_heard(const std::string& message) const {
    return std::find(heard.begin(), heard.end(), message) != heard.end();
  }

  std::vector<std::string> heard;  // Since the last history began.
};

}  // namespace

TEST_CASE("a broker gets past foreign entries of the history") {
  const RedisServer server;
  boost::asio::io_context context;
  RedisBroker broker{context, options_of(server)};
  Listener listener{broker};
  OtherProgram other{server};
  int told = 0;
  EventId last;
  const auto publish = [&] {
    const int number = ++told;
    bool is_done = false;
    broker.publish(update_json(number), {}, [&](const PublishResult& result) {
      last = std::get<EventId>(result);
      is_done = true;
    });
    REQUIRE(run_until(context, [&] {
      return is_done && listener.has_heard(stamped_json(update_json(number), last));
    }));
  };
  publish();
  const auto put = [&](const std::vector<std::string>& fields) {
    regstream::broker::Command command{"XADD", history, "*"};
    command.insert(command.end(), fields.begin(), fields.end());
    other.command(command);
    publish();
    publish();
  };
  put({"adopted", "1"});
  put({"message", "{}", "bytes", "nan"});
  put({"message", std::string(40U << 20U, 'x'), "bytes", "41943040", "adopted", "1"});
  std::vector<std::string> many;
  for (int field = 0; field < 100'000; ++field) {
    many.insert(many.end(), {"f", "v"});
  }
  put(many);
  other.command({"XADD", history, "18446744073709551615-18446744073709551615", "message", "x"});
  publish();
  // A bare message comes in as ever.
  other.publish(update_json(1'000));
  REQUIRE(run_until(context, [&] {
    return listener.has_heard(stamped_json(update_json(1'000), {last.epoch, last.sequence + 1}));
  }));
}

TEST_CASE("a bare message is adopted once whatever stands around it and in it") {
  const RedisServer server;
  boost::asio::io_context context;
  RedisBroker broker{context, options_of(server)};
  Listener listener{broker};
  OtherProgram other{server};
  REQUIRE(run_until(context, [&] { return broker.is_connected(); }));
  const std::string mark = "\xEF\xBB\xBF";
  const std::string invalid = "{\"registrationId\":42,\"status\":\"A\",\"message\":\"\xFF\"}";
  for (const std::string& text : {mark + update_json(1), mark + " \n" + update_json(1) + "\r\n",
                                  update_json(1), invalid, mark + invalid}) {
    const std::size_t before = listener.heard.size();
    other.publish(text);
    REQUIRE(run_until(context, [&] { return listener.heard.size() > before; }));
  }
  // Later messages show that none of them came twice.
  other.publish(update_json(2));
  REQUIRE(run_until(context, [&] {
    return !listener.heard.empty() && listener.heard.back().find("\"2\"") != std::string::npos;
  }));
  const auto entries = other.history().entries;
  REQUIRE(entries.size() == 6);
  for (std::size_t index = 0; index < entries.size(); ++index) {
    const std::string text = index < 3 ? update_json(1) : index < 5 ? invalid : update_json(2);
    CHECK(entries[index].message == stamped_json(text, entries[index].id));
    CHECK(entries[index].adopted_as == entries[index].id);
  }
  other.publish(" " + mark + update_json(3));
  REQUIRE(run_until(context, [&] { return broker.dropped().malformed.total() == 1; }));
}
