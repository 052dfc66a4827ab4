#include <algorithm>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/broker/redis_broker.hpp>

#include "broker/history_call.hpp"
#include "broker/redis_failure.hpp"
#include "broker/redis_once.hpp"
#include "redis_broker_fixture.hpp"
#include "redis_program.hpp"
#include "redis_server.hpp"
#include "run_until.hpp"

namespace {

using Catch::Contains;
using regstream::Duration;
using regstream::EventId;
using regstream::broker::Command;
using regstream::broker::HistoryCalls;
using regstream::broker::LoadScript;
using regstream::broker::publish_once;
using regstream::broker::PublishError;
using regstream::broker::PublishLimits;
using regstream::broker::PublishResult;
using regstream::broker::RedisBroker;
using regstream::broker::RedisOptions;
using regstream::broker::reply_text;
using regstream::broker::Subscriber;
using regstream::test::OtherProgram;
using regstream::test::RedisData;
using regstream::test::RedisServer;
using regstream::test::run_until;
using regstream::test::ScriptCalls;
using regstream::test::stamped_json;
using regstream::test::update_json;
using Fixture = regstream::test::BrokerFixture;
using regstream::test::Messages;
using regstream::test::options_of;
using regstream::test::run_all_until;
using regstream::test::updates;

}  // namespace

TEST_CASE("a publish is heard by this broker by another one and by any program") {
  const RedisServer server;
  Fixture here{options_of(server)};
  Fixture there{options_of(server)};
  OtherProgram program{server};
  program.subscribe();
  REQUIRE(here.wait_connected());
  REQUIRE(there.wait_connected());

  here.publish(update_json(1));
  here.publish(update_json(2));

  CHECK(here.wait([&] { return here.heard.size() == 2 && here.done.size() == 2; }));
  CHECK(there.wait_heard(2));
  CHECK(here.heard == updates(1, 2));
  CHECK(there.heard == updates(1, 2));
  CHECK(here.ids == std::vector<EventId>{{here.last.epoch, 1}, {here.last.epoch, 2}});
  CHECK(there.histories == std::vector<EventId>{{here.last.epoch, 0}});
  CHECK(program.hear() == stamped_json(update_json(1), here.ids[0]));
  CHECK(program.hear() == stamped_json(update_json(2), here.ids[1]));
}

TEST_CASE("a broker that starts late delivers the whole history before it is live") {
  const RedisServer server;
  Fixture early{options_of(server)};
  constexpr int count = 1'000;
  for (const auto& message : updates(1, count)) {
    early.publish(message);
  }
  REQUIRE(early.wait_done(count));
  Fixture late{options_of(server)};
  REQUIRE(late.wait([&] { return late.is_live; }));
  CHECK(late.heard == updates(1, count));
  CHECK(late.histories.size() == 1);
}

TEST_CASE("a broker that starts during a burst delivers all of it once") {
  const RedisServer server;
  Fixture publisher{options_of(server)};
  REQUIRE(publisher.wait_connected());
  constexpr int count = 2'000;
  for (const auto& message : updates(1, count)) {
    publisher.publish(message);
  }
  REQUIRE(publisher.wait_done(count / 4));
  Fixture late{options_of(server)};
  REQUIRE(run_all_until({&publisher, &late}, [&] {
    return publisher.heard.size() == count && late.heard.size() == count;
  }));
  CHECK(late.heard == updates(1, count));
}

TEST_CASE("a bare PUBLISH of any program is adopted byte for byte") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  const std::string message =
      "{\"registrationId\":1,\"status\":\"PENDING\", \"message\" : \"\xc3\xa9\\u0000\" }";
  CHECK(OtherProgram{server}.publish(message + "\r\n") == 1);
  REQUIRE(fixture.wait_heard(1));
  CHECK(fixture.heard.front() == message);
}

TEST_CASE("a malformed message is not adopted") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  OtherProgram program{server};
  program.publish("text");
  program.publish("{\"status\":\"PENDING\"}");
  program.publish(update_json(1));
  REQUIRE(fixture.wait_heard(1));
  CHECK(fixture.heard == updates(1, 1));
}

TEST_CASE("three brokers adopt each bare message once and deliver the same order") {
  const RedisServer server;
  Fixture one{options_of(server)};
  Fixture two{options_of(server)};
  Fixture three{options_of(server)};
  for (auto* const fixture : {&one, &two, &three}) {
    REQUIRE(fixture->wait_connected());
  }
  OtherProgram program{server};
  constexpr std::size_t count = 200;
  Messages sent;
  for (std::size_t i = 0; i < count; ++i) {
    // Some have the same text: each is an update of its own.
    sent.push_back(update_json(static_cast<int>(i % 3 == 0 ? 0 : i)));
    program.publish(sent.back());
    one.context.restart();
    one.context.poll();
  }
  two.publish(update_json(-1));
  const auto is_told = [&] {
    return one.heard.size() > count && two.heard.size() > count && three.heard.size() > count;
  };
  REQUIRE(run_all_until({&one, &two, &three}, is_told));
  CHECK(two.heard == one.heard);
  CHECK(three.heard == one.heard);
  // Anything still under way would add something.
  three.publish(update_json(-2));
  REQUIRE(run_all_until({&one, &two, &three}, [&] { return one.heard.back() == update_json(-2); }));
  sent.push_back(update_json(-1));
  sent.push_back(update_json(-2));
  CHECK_THAT(one.heard, Catch::Matchers::UnorderedEquals(sent));
}

TEST_CASE("a flood of bare messages that exceeds the history is adopted once each") {
  const RedisServer server;
  auto options = options_of(server);
  options.history.length_max = 300;
  Fixture one{options};
  Fixture two{options};
  REQUIRE(one.wait_connected());
  REQUIRE(two.wait_connected());
  OtherProgram program{server};
  constexpr int count = 3'000;
  for (const auto& message : updates(1, count)) {
    program.send({"PUBLISH", regstream::test::names.channel(), message});
  }
  for (int i = 0; i < count; ++i) {
    CHECK(program.read()->integer == 2);
  }
  REQUIRE(run_all_until({&one, &two},
                        [&] { return one.last.sequence >= count && two.last.sequence >= count; }));
  // A late adopter adopts nothing.
  one.publish(update_json(0));
  two.publish(update_json(0));
  REQUIRE(run_all_until({&one, &two}, [&] { return one.ids.size() + two.ids.size() == 2; }));
  CHECK(std::max(one.ids.front(), two.ids.front()) == EventId{one.last.epoch, count + 2});
}

TEST_CASE("a forged id neither takes a real one's place nor stops what follows") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  fixture.publish(update_json(1));
  REQUIRE(fixture.wait_heard(1));
  const auto forged = [](std::uint64_t epoch, std::uint64_t sequence) {
    return "{\"registrationId\":1,\"status\":\"FORGED\",\"id\":\"" +
           to_string(EventId{epoch, sequence}) + "\"}";
  };
  const auto epoch = fixture.last.epoch;
  OtherProgram program{server};
  program.publish(forged(epoch, 2));
  REQUIRE(fixture.wait_heard(2));
  program.publish(forged(epoch, 1'000'000));
  REQUIRE(fixture.wait_heard(3));
  program.publish(forged(epoch + 1, 1));
  REQUIRE(fixture.wait_heard(4));
  program.publish(forged(epoch, 1));
  fixture.publish(update_json(2));
  REQUIRE(fixture.wait_heard(5));
  // As bare messages, with ids of their own; the one with another's id is dropped.
  CHECK(fixture.heard == Messages{update_json(1), forged(epoch, 2), forged(epoch, 1'000'000),
                                  forged(epoch + 1, 1), update_json(2)});
  CHECK(fixture.histories.size() == 1);
}

TEST_CASE("two publishes with one key are one") {
  const RedisServer server;
  Fixture here{options_of(server)};
  Fixture there{options_of(server)};
  here.publish(update_json(1), "key");
  REQUIRE(here.wait_done(1));
  there.publish(update_json(2), "key");
  there.publish(update_json(3));
  REQUIRE(there.wait_done(2));
  CHECK(there.ids[0] == here.ids[0]);
  REQUIRE(there.wait_heard(2));
  CHECK(there.heard == Messages{update_json(1), update_json(3)});
}

TEST_CASE("a password is given to redis") {
  const RedisServer server{"s3cret"};
  auto options = options_of(server);
  options.password = "s3cret";
  Fixture fixture{options};
  fixture.publish(update_json(1));
  CHECK(fixture.wait_heard(1));
}

TEST_CASE("the permissions that a refusal names are enough") {
  const RedisServer server;
  Command command{"ACL", "SETUSER", "default", "resetkeys", "resetchannels", "-@all"};
  const auto what = reply_failure(options_of(server), "NOPERM this user has no permissions").what;
  std::istringstream words{what};
  for (std::string word; words >> word;) {
    if (const auto end = word.find_last_not_of(',');
        std::string_view{"+~&"}.find(word[0]) != std::string::npos) {
      command.push_back(word.substr(0, end + 1));
    }
  }
  OtherProgram watcher{server};
  watcher.command({"ACL", "SETUSER", "watcher", "on", "nopass", "+@all"});
  watcher.command({"AUTH", "watcher", ""});
  CHECK(reply_text(*watcher.command(command)) == "OK");
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  fixture.publish(update_json(1));
  fixture.publish(update_json(2));
  REQUIRE(fixture.wait_heard(2));
  CHECK(OtherProgram{server}.publish(update_json(3)) == 1);
  CHECK(fixture.wait_heard(3));
  // Without XREAD everything arrives too, only later.
  CHECK(fixture.wait([&] {
    const auto statistics = watcher.command({"INFO", "commandstats"});
    return reply_text(*statistics).find("cmdstat_xread:") != std::string_view::npos;
  }));
  OtherProgram other{server};
  CHECK(regstream::broker::read_id(*other.command(ScriptCalls{}.lose({}))));
  CHECK(watcher.command({"ACL", "LOG"})->elements == 0);
  CHECK(reply_text(*other.command({"FLUSHALL"})).starts_with("NOPERM"));
}

TEST_CASE("what is published before redis is there waits for it") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  fixture.publish(update_json(1));
  CHECK_FALSE(fixture.broker->is_connected());
  CHECK(fixture.wait_heard(1));
}

TEST_CASE("more publishes than may be in flight arrive in order") {
  const RedisServer server;
  Fixture fixture{options_of(server), {.batch_updates_max = 7, .batches_in_flight_max = 3}};
  for (const auto& message : updates(1, 500)) {
    fixture.publish(message);
  }
  CHECK(fixture.wait_heard(500));
  CHECK(fixture.heard == updates(1, 500));
}

TEST_CASE("after redis was killed and started again without its data a new epoch begins") {
  RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  fixture.publish(update_json(0));
  REQUIRE(fixture.wait_heard(1));
  REQUIRE(fixture.wait_done(1));

  server.kill();
  REQUIRE(fixture.wait_disconnected());
  for (const auto& message : updates(1, 5)) {
    fixture.publish(message);
  }
  server.start();

  REQUIRE(fixture.wait([&] { return fixture.heard.size() == 5 && fixture.is_live; }));
  // Live means that the history was read. Only a connected broker also receives the channel.
  REQUIRE(fixture.wait_connected());
  CHECK(OtherProgram{server}.publish(update_json(6)) == 1);
  CHECK(fixture.wait_heard(6));
  CHECK(fixture.heard == updates(1, 6));
  REQUIRE(fixture.histories.size() == 2);
  CHECK(fixture.histories[1].epoch > fixture.histories[0].epoch);
  CHECK(fixture.histories[1].sequence == 0);
  CHECK(fixture.wait_done(6));
  CHECK(fixture.failed.empty());
}

TEST_CASE("after redis was killed and started again with its data the history goes on") {
  RedisServer server{{}, RedisData::kept};
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  fixture.publish(update_json(1));
  REQUIRE(fixture.wait_heard(1));
  server.kill();
  REQUIRE(fixture.wait_disconnected());
  fixture.publish(update_json(3));
  server.start();
  // Before this broker is back: it reads what it missed.
  const auto other = publish_once(options_of(server), update_json(2));
  REQUIRE(std::holds_alternative<EventId>(other));
  REQUIRE(fixture.wait_heard(3));
  CHECK(fixture.heard == updates(1, 3));
  CHECK(fixture.histories.size() == 1);

  // What becomes of it later is not the restart's fault.
  REQUIRE(fixture.wait_connected());
  OtherProgram{server}.command({"FLUSHALL"});
  fixture.publish(update_json(4));
  REQUIRE(fixture.wait([&] { return fixture.histories.size() == 2; }));
  CHECK_THAT(fixture.broker->loss_reason(), Contains("Redis was flushed"));
}

TEST_CASE("a flushed history begins a new epoch with the next update") {
  const RedisServer server;
  Fixture here{options_of(server)};
  Fixture there{options_of(server)};
  here.publish(update_json(1));
  REQUIRE(here.wait_heard(1));
  REQUIRE(there.wait_heard(1));
  // A read says nothing about the channel, and a bare message without a listener is lost.
  REQUIRE(here.wait_connected());
  REQUIRE(there.wait_connected());
  OtherProgram{server}.command({"FLUSHALL"});

  SECTION("by a publish") {
    here.publish(update_json(2));
  }
  SECTION("by a bare message") {
    OtherProgram{server}.publish(update_json(2));
  }
  const auto is_new = [](const Fixture& fixture) {
    return fixture.histories.size() == 2 && fixture.heard == updates(2, 2) && fixture.is_live;
  };
  REQUIRE(here.wait([&] { return is_new(here); }));
  REQUIRE(there.wait([&] { return is_new(there); }));
  CHECK(here.histories[1].epoch > here.histories[0].epoch);
  CHECK(there.histories == here.histories);
  there.publish(update_json(3));
  REQUIRE(here.wait([&] {
    there.context.restart();
    there.context.poll();
    return here.heard == updates(2, 3);
  }));
}

TEST_CASE("a history that was restored to its past gives no id twice") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  fixture.publish(update_json(1));
  REQUIRE(fixture.wait_heard(1));
  OtherProgram program{server};
  const std::string key = regstream::test::names.history();
  const std::string past{reply_text(*program.command({"DUMP", key}))};
  fixture.publish(update_json(2));
  fixture.publish(update_json(3));
  REQUIRE(fixture.wait_heard(3));
  program.command({"RESTORE", key, "0", past, "REPLACE"});

  SECTION("known to who publishes next") {
    fixture.publish(update_json(4));
  }
  SECTION("not known to who publishes next") {
    const auto id = std::get<EventId>(publish_once(options_of(server), update_json(4)));
    CHECK(id == EventId{fixture.last.epoch, 2});
  }
  REQUIRE(fixture.wait([&] { return fixture.histories.size() == 2 && fixture.is_live; }));
  CHECK(fixture.histories[1].epoch > fixture.histories[0].epoch);
  REQUIRE(fixture.wait_heard(2));
  CHECK(fixture.heard[0] == update_json(1));
  CHECK(fixture.heard[1] == update_json(4));
}

TEST_CASE("a broker that starts before redis does finds it once it is there") {
  RedisServer server;
  server.kill();
  Fixture fixture{options_of(server)};
  fixture.publish(update_json(1));
  server.start();
  CHECK(fixture.wait_heard(1));
}

TEST_CASE("a queue that is full while redis is away refuses and keeps what it has") {
  RedisServer server;
  server.kill();
  Fixture fixture{options_of(server), {.waiting_max = 2}};
  for (const auto& message : updates(1, 3)) {
    fixture.publish(message);
  }
  CHECK(fixture.wait([&] { return !fixture.failed.empty(); }));
  CHECK(fixture.failed == updates(3, 3));
  CHECK_THAT(fixture.last_error, Contains("wait for redis already"));
  server.start();
  CHECK(fixture.wait_heard(2));
  CHECK(fixture.heard == updates(1, 2));
}

TEST_CASE("a publish whose acknowledgement was lost is sent again and is in the history once") {
  const RedisServer server;
  auto options = options_of(server);
  options.timing.reply_timeout = Duration{1'000};
  options.timing.connect_timeout = Duration{1'000};
  Fixture fixture{options};
  REQUIRE(fixture.wait_connected());

  server.pause();
  fixture.publish(update_json(1));
  fixture.publish(update_json(2));
  REQUIRE(fixture.wait_disconnected());
  // Redis finds them in its socket when it wakes up, and then once more.
  server.resume();
  fixture.publish(update_json(3));
  REQUIRE(fixture.wait_done(3));
  REQUIRE(fixture.wait_heard(3));
  CHECK(fixture.heard == updates(1, 3));
  CHECK(fixture.done == updates(1, 3));
  CHECK(fixture.failed.empty());
}

TEST_CASE("a publish is given up when redis stays away for longer than it keeps keys") {
  RedisServer server;
  auto options = options_of(server);
  options.history.key_lifetime = Duration{1'000};
  Fixture fixture{options};
  REQUIRE(fixture.wait_connected());
  server.pause();
  fixture.publish(update_json(1));
  while (fixture.context.poll_one() != 0) {
  }
  server.kill();
  REQUIRE(fixture.wait([&] { return fixture.failed.size() == 1; }));
  CHECK_THAT(fixture.last_error, Contains("not known"));
  fixture.publish(update_json(2));
  server.start();
  REQUIRE(fixture.wait_done(1));
  CHECK(fixture.done == updates(2, 2));
}

TEST_CASE("connections that are killed during a burst lose nothing and double nothing") {
  const RedisServer server;
  auto options = options_of(server);
  options.timing.stable_after = Duration{0};
  Fixture fixture{options};
  REQUIRE(fixture.wait_connected());
  OtherProgram program{server};
  const auto type = GENERATE(as<std::string>{}, "pubsub", "normal");
  constexpr int count = 3'000;
  for (const auto& message : updates(1, count)) {
    fixture.publish(message);
  }
  for (std::size_t heard = 0; heard < count; heard += count / 10) {
    REQUIRE(fixture.wait_heard(heard));
    program.command({"CLIENT", "KILL", "TYPE", type, "SKIPME", "yes"});
  }
  REQUIRE(fixture.wait_heard(count));
  REQUIRE(fixture.wait_done(count));
  CHECK(fixture.heard == updates(1, count));
  CHECK(fixture.done == updates(1, count));
  CHECK(fixture.histories.size() == 1);
}

TEST_CASE("while redis pauses its clients nothing is lost") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  OtherProgram program{server};
  program.command(GENERATE(
      values<Command>({{"CLIENT", "PAUSE", "300", "ALL"}, {"CLIENT", "PAUSE", "300", "WRITE"}})));
  for (const auto& message : updates(1, 100)) {
    fixture.publish(message);
  }
  REQUIRE(fixture.wait_heard(100));
  CHECK(fixture.heard == updates(1, 100));
}

TEST_CASE("a redis that has forgotten the script gets it again") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  OtherProgram{server}.command({"SCRIPT", "FLUSH"});
  for (const auto& message : updates(1, 100)) {
    fixture.publish(message);
  }
  REQUIRE(fixture.wait_heard(100));
  CHECK(fixture.heard == updates(1, 100));
  CHECK(fixture.failed.empty());
}

TEST_CASE(
    "a redis that forgets the script in a burst, and is given it by another, changes no order") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  OtherProgram program{server};
  const Command load = HistoryCalls::words(LoadScript{});
  // So long that Redis reads few at once, and handles the other program between them.
  Messages messages;
  for (int number = 1; number <= 1'000; ++number) {
    messages.push_back(R"({"registrationId":1,"status":"PENDING","message":")" +
                       std::string(8'000, 'x') + std::to_string(number) + "\"}");
    fixture.publish(messages.back());
  }
  for (std::size_t heard = 0; heard < messages.size(); heard += messages.size() / 100) {
    REQUIRE(fixture.wait_heard(heard));
    program.command({"SCRIPT", "FLUSH"});
    program.command(load);
  }
  REQUIRE(fixture.wait_heard(messages.size()));
  REQUIRE(fixture.wait_done(messages.size()));
  CHECK(fixture.heard == messages);
  CHECK(fixture.done == messages);
}

TEST_CASE("a history that is trimmed while this broker is away begins again") {
  RedisServer server;
  auto options = options_of(server);
  options.history.length_max = 10;
  Fixture fixture{options};
  fixture.publish(update_json(1));
  REQUIRE(fixture.wait_heard(1));
  // Nothing arrives before the context runs again.
  for (int number = 2; number <= 100; ++number) {
    REQUIRE(std::holds_alternative<EventId>(publish_once(options, update_json(number))));
  }
  REQUIRE(fixture.wait([&] { return fixture.heard == updates(91, 100) && fixture.is_live; }));
  REQUIRE(fixture.histories.size() == 2);
  CHECK(fixture.histories[1] == EventId{fixture.histories[0].epoch, 90});
}

TEST_CASE("a frozen redis is noticed and reconnected later") {
  const RedisServer server;
  auto options = options_of(server);
  options.timing.ping_interval = Duration{50};
  options.timing.reply_timeout = Duration{300};
  options.timing.connect_timeout = Duration{300};
  Fixture fixture{options};
  REQUIRE(fixture.wait_connected());

  server.pause();
  CHECK(fixture.wait_disconnected());
  server.resume();
  CHECK(fixture.wait_connected());
}

TEST_CASE("a message beyond the limit is refused before it is sent and one at it arrives") {
  const RedisServer server;
  Fixture fixture{options_of(server), {.message_bytes_max = 100'000}};
  const std::string begin = R"({"registrationId":1,"status":"PENDING","message":")";
  const std::string most = begin + std::string(100'000 - begin.size() - 2, 'z') + "\"}";
  fixture.publish(most + ' ');
  fixture.publish(most);
  CHECK(fixture.wait_done(1));
  CHECK(fixture.failed.size() == 1);
  CHECK(fixture.wait_heard(1));
  CHECK(fixture.heard.front() == most);
}

TEST_CASE("a wrong password leaves the broker away and its publishes waiting") {
  const RedisServer server{"s3cret"};
  auto options = options_of(server);
  options.password = "wrong";
  Fixture fixture{options};
  fixture.publish(update_json(1));
  for (int step = 0; step < 50; ++step) {
    fixture.context.run_one();
  }
  CHECK_FALSE(fixture.broker->is_connected());
  CHECK(fixture.done.empty());
}

TEST_CASE("a broker without a subscriber publishes") {
  const RedisServer server;
  boost::asio::io_context context;
  RedisBroker broker{context, options_of(server)};
  std::optional<PublishResult> result;
  broker.publish(update_json(1), {}, [&result](const auto& given) { result = given; });
  CHECK(run_until(context, [&result] { return result.has_value(); }));
  CHECK(std::get<EventId>(*result).sequence == 1);
  CHECK(broker.is_connected());
}

TEST_CASE("text that is not an object is refused and later updates are published") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  fixture.publish("text");
  fixture.publish(update_json(1));
  REQUIRE(fixture.wait_done(1));
  CHECK(fixture.failed == Messages{"text"});
  CHECK_THAT(fixture.last_error, Contains("not a JSON object"));
}

TEST_CASE("a destroyed redis broker calls nobody and leaves nothing to run") {
  RedisServer server;
  auto fixture = std::make_unique<Fixture>(options_of(server));

  SECTION("destroyed before it connected") {
    fixture->publish(update_json(1));
    fixture->broker.reset();
    fixture->context.run();
    CHECK(fixture->done.empty());
    CHECK(fixture->heard.empty());
  }
  SECTION("destroyed while connected, with publishes under way") {
    REQUIRE(fixture->wait_connected());
    fixture->publish(update_json(1));
    fixture->context.run_one();
    fixture->broker.reset();
    fixture->context.run();
    CHECK(fixture->done.empty());
  }
  SECTION("destroyed between attempts") {
    server.kill();
    REQUIRE(run_until(fixture->context, [step = 0]() mutable { return ++step == 20; }));
    fixture->broker.reset();
    fixture->context.run();
    CHECK(fixture->heard.empty());
  }
  SECTION("destroyed by the handler of a publish") {
    fixture->broker->publish(update_json(1), {},
                             [&fixture](const auto&) { fixture->broker.reset(); });
    fixture->context.run();
    CHECK_FALSE(fixture->broker);
  }
  SECTION("destroyed by the handler of a publish that was given up") {
    fixture.reset();
    auto options = options_of(server);
    options.history.key_lifetime = Duration{1'000};
    fixture = std::make_unique<Fixture>(options);
    REQUIRE(fixture->wait_connected());
    server.pause();
    fixture->broker->publish(update_json(1), {},
                             [&fixture](const auto&) { fixture->broker.reset(); });
    fixture->publish(update_json(2));
    // Both are in flight before the connection is reset.
    while (fixture->context.poll_one() != 0) {
    }
    server.kill();
    fixture->context.run();
    CHECK_FALSE(fixture->broker);
    CHECK(fixture->failed.empty());
  }
}

TEST_CASE("catch_up delivers the history and waits for redis") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  fixture.broker->catch_up();
  CHECK(fixture.caught_up == 0);
  CHECK(fixture.wait([&] { return fixture.caught_up == 1; }));

  OtherProgram{server}.command({"FLUSHALL"});
  fixture.broker->catch_up();
  CHECK(fixture.wait([&] { return fixture.caught_up == 2; }));
  CHECK(fixture.histories.size() == 2);

  server.pause();
  fixture.broker->catch_up();
  fixture.context.poll();
  CHECK(fixture.caught_up == 2);
  server.resume();
  CHECK(fixture.wait([&] { return fixture.caught_up == 3; }));
}
