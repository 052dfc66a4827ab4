#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <regstream/broker/publish_limits.hpp>

#include "broker/history_call.hpp"
#include "redis_program.hpp"
#include "redis_server.hpp"
#include "script_caller.hpp"

namespace {

using Catch::Matchers::StartsWith;
using regstream::Duration;
using regstream::EventId;
using regstream::broker::Adopt;
using regstream::broker::HistoryPage;
using regstream::broker::Question;
using regstream::broker::reply_text;
using regstream::test::after;
using regstream::test::Caller;
using regstream::test::OtherProgram;
using regstream::test::published_id;
using regstream::test::published_text;
using regstream::test::read_as;
using regstream::test::RedisServer;
using regstream::test::stamped_json;
using regstream::test::update_json;
using Texts = std::vector<std::string>;

const std::string history = regstream::test::names.history();

}  // namespace

TEST_CASE("the first use begins a history at the server's time and its first update is number 1") {
  const RedisServer server;
  Caller caller{server};
  const auto time = caller.program.command({"TIME"});
  const auto seconds = std::stoull(std::string{reply_text(*time->element[0])});
  const auto position = caller.open();
  CHECK(position.epoch >= seconds * 1'000);
  CHECK(position.epoch < (seconds + 60) * 1'000);
  CHECK(position.sequence == 0);
  CHECK(caller.open() == position);
  CHECK(caller.publish(update_json(1), "a") == after(position));
  CHECK(caller.publish(update_json(2), "b") == after(position, 2));
  CHECK(caller.messages() == Texts{stamped_json(update_json(1), after(position)),
                                   stamped_json(update_json(2), after(position, 2))});
}

TEST_CASE("the id is the last member and white space around the object goes") {
  const RedisServer server;
  Caller caller{server};
  OtherProgram listener{server};
  listener.subscribe();
  const auto position = caller.open();
  struct Case {
    std::string text;
    std::string members;
  };
  const std::vector<Case> cases{
      {"{\"a\":1}", "{\"a\":1,"},
      {" \t\r\n{\"a\":1 } \r\n\t ", "{\"a\":1 ,"},
      {"{\"id\":\"9-9\",\"a\":1}", "{\"id\":\"9-9\",\"a\":1,"},
      {"{}", "{"},
      {"{ \n}", "{ \n"},
      {"{\"a\":\"}\"}", "{\"a\":\"}\","},
  };
  std::uint64_t sequence = 0;
  for (const auto& [text, members] : cases) {
    const auto id = caller.publish(text, std::to_string(++sequence));
    CHECK(id == after(position, sequence));
    CHECK(listener.hear() == members + "\"id\":\"" + to_string(id) + "\"}");
  }
}

TEST_CASE("text that is not an object is refused and changes nothing") {
  const RedisServer server;
  Caller caller{server};
  const auto text =
      GENERATE(values<std::string>({"", " ", "text", "{", "}", "[1]", "{\"a\":1", "null"}));
  const auto reply = caller.program.command(caller.calls.publish({}, "key", text));
  CHECK(published_text(*reply) == "ERR the update is not a JSON object");
  CHECK(caller.program.command({"EXISTS", history})->integer == 0);
}

TEST_CASE("a key that was seen gives the earlier id and nothing else happens") {
  const RedisServer server;
  Caller caller{server, {.key_lifetime = Duration{5'000}}};
  const auto id = caller.publish(update_json(1), "key");
  OtherProgram listener{server};
  listener.subscribe();
  CHECK(caller.publish(update_json(1), "key") == id);
  CHECK(caller.publish(update_json(2), "key") == id);
  CHECK(caller.messages() == Texts{stamped_json(update_json(1), id)});
  const auto other = caller.publish(update_json(3), "other");
  CHECK(listener.hear() == stamped_json(update_json(3), other));
  const auto left = caller.program.command({"PTTL", regstream::test::names.update("key")});
  CHECK(left->integer > 0);
  CHECK(left->integer <= 5'000);
}

TEST_CASE("publishers at once give ids without a gap or a double") {
  const RedisServer server;
  Caller caller{server};
  const auto position = caller.open();
  constexpr std::size_t publishers = 4;
  constexpr std::size_t each = 250;
  std::vector<std::vector<EventId>> ids(publishers);
  std::vector<std::thread> threads;
  threads.reserve(publishers);
  for (std::size_t publisher = 0; publisher < publishers; ++publisher) {
    threads.emplace_back([&, publisher] {
      Caller own{server};
      for (std::size_t i = 0; i < each; ++i) {
        const std::size_t number = publisher * each + i;
        const auto reply = own.program.command(
            own.calls.publish({}, std::to_string(number), update_json(static_cast<int>(number))));
        ids[publisher].push_back(published_id(*reply).value_or(EventId{}));
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  const auto page = caller.program.history();
  REQUIRE(page.entries.size() == publishers * each);
  for (std::size_t i = 0; i < page.entries.size(); ++i) {
    CHECK(page.entries[i].id == after(position, i + 1));
  }
  for (std::size_t number = 0; number < publishers * each; ++number) {
    const auto id = ids[number / each][number % each];
    REQUIRE(id.epoch == position.epoch);
    CHECK(page.entries[id.sequence - 1].message ==
          stamped_json(update_json(static_cast<int>(number)), id));
  }
}

TEST_CASE("the history's length is limited and its ids go on") {
  const RedisServer server;
  Caller caller{server, {.length_max = 3}};
  const auto position = caller.open();
  for (int i = 1; i <= 10; ++i) {
    caller.publish(update_json(i), std::to_string(i));
  }
  CHECK(caller.messages() == Texts{stamped_json(update_json(8), after(position, 8)),
                                   stamped_json(update_json(9), after(position, 9)),
                                   stamped_json(update_json(10), after(position, 10))});
  caller.program.command({"XTRIM", history, "MAXLEN", "0"});
  CHECK(caller.open() == after(position, 10));
  CHECK(caller.publish(update_json(11), "11") == after(position, 11));
}

TEST_CASE("the history's bytes are limited") {
  const RedisServer server;
  constexpr std::size_t bytes_max = 2U << 20U;
  Caller caller{server, {.bytes_max = bytes_max}};
  const std::string text =
      R"({"registrationId":42,"status":"PENDING","message":")" + std::string(300'000, 'x') + "\"}";
  for (int i = 0; i < 20; ++i) {
    caller.publish(text, std::to_string(i));
  }
  const auto entries = caller.program.history().entries;
  const auto message_bytes = entries.front().message.size();
  CHECK(entries.size() == bytes_max / message_bytes);
  CHECK(entries.back().id.sequence == 20);
}

TEST_CASE("a history that ends before the known id begins a new epoch with what it still holds") {
  const RedisServer server;
  Caller caller{server};
  const auto first = caller.publish(update_json(1), "1");
  caller.publish(update_json(2), "2");
  const EventId lost{first.epoch, 3};

  SECTION("told by whoever opens") {
    const auto end = caller.open(lost);
    CHECK(end.epoch > lost.epoch);
    CHECK(end.sequence == 2);
    CHECK(caller.messages() == Texts{stamped_json(update_json(1), {end.epoch, 1}),
                                     stamped_json(update_json(2), {end.epoch, 2})});
    CHECK(caller.open(lost) == end);
  }
  SECTION("told by whoever publishes") {
    const auto id = caller.publish(update_json(3), "3", lost);
    CHECK(id.epoch > lost.epoch);
    CHECK(id.sequence == 3);
    CHECK(caller.messages().front() == stamped_json(update_json(1), {id.epoch, 1}));
  }
  SECTION("an epoch in the future is gone beyond as well") {
    const EventId future{first.epoch + 1'000'000'000, 0};
    CHECK(caller.open(future).epoch == future.epoch + 1);
  }
  SECTION("and so does none at all") {
    caller.program.command({"FLUSHALL"});
    const auto id = caller.publish(update_json(3), "3", lost);
    CHECK(id.epoch > lost.epoch);
    CHECK(id.sequence == 1);
  }
}

TEST_CASE("each offer is adopted once by any caller and however often") {
  const RedisServer server;
  Caller here{server};
  Caller there{server};
  const auto position = here.open();
  const Adopt adopt{position, {{update_json(1), 1}, {update_json(2), 1}, {update_json(1), 2}}};
  OtherProgram listener{server};
  listener.subscribe(regstream::test::names.adopted_channel());
  OtherProgram stranger{server};
  stranger.subscribe();
  CHECK(here.adopt(adopt));
  CHECK(there.adopt(adopt));
  CHECK(here.adopt({position, {{' ' + update_json(1) + '\n', 2}}}));
  const Texts expected{stamped_json(update_json(1), after(position)),
                       stamped_json(update_json(2), after(position, 2)),
                       stamped_json(update_json(1), after(position, 3))};
  CHECK(here.messages() == expected);
  CHECK(Texts{listener.hear(), listener.hear(), listener.hear()} == expected);
  // The bare messages were on the channel themselves: nothing is published there twice.
  CHECK(OtherProgram{server}.publish(update_json(9)) == 1);
  CHECK(stranger.hear() == update_json(9));

  // Received since: the same text is another message.
  CHECK(there.adopt({after(position, 3), {{update_json(1), 1}}}));
  CHECK(here.messages().size() == 4);
}

TEST_CASE("an adoption keeps its first id in a new epoch") {
  const RedisServer server;
  Caller caller{server};
  const auto first = caller.open();
  CHECK(caller.adopt({first, {{update_json(1), 1}}}));
  CHECK(caller.adopt({after(first), {{update_json(2), 1}}}));
  const auto second = caller.open({first.epoch, 9});
  const auto third = caller.open({second.epoch, 9});
  REQUIRE(third.epoch > second.epoch);
  const auto page = caller.program.history();
  REQUIRE(page.entries.size() == 2);
  CHECK(page.entries[0].adopted_as == after(first));
  CHECK(page.entries[1].adopted_as == after(first, 2));

  SECTION("who has not heard of it has nothing more to give") {
    CHECK(caller.adopt({after(first), {{update_json(2), 1}}}));
    CHECK(caller.messages().size() == 2);
  }
  SECTION("who has heard of it, and hears the same text again, has") {
    CHECK(caller.adopt({after(first, 2), {{update_json(2), 1}}}));
    CHECK(caller.messages().back() == stamped_json(update_json(2), {third.epoch, 3}));
    CHECK(caller.program.history().entries.back().adopted_as == EventId{third.epoch, 3});
  }
}

TEST_CASE("a publish of the same text is no adoption") {
  const RedisServer server;
  Caller caller{server};
  const auto position = caller.open();
  caller.publish(update_json(1), "key");
  CHECK(caller.adopt({position, {{update_json(1), 1}}}));
  CHECK(caller.messages().size() == 2);
}

TEST_CASE("a cursor after which the history was trimmed adopts nothing") {
  const RedisServer server;
  Caller caller{server, {.length_max = 2}};
  const auto position = caller.open();
  for (int i = 1; i <= 4; ++i) {
    CHECK(
        caller.adopt({after(position, static_cast<std::uint64_t>(i) - 1), {{update_json(i), 1}}}));
  }
  CHECK_FALSE(caller.adopt({after(position, 1), {{update_json(2), 1}}}));
  CHECK(caller.open() == after(position, 4));
  CHECK(caller.adopt({after(position, 2), {{update_json(3), 1}}}));
  CHECK(caller.open() == after(position, 4));
}

TEST_CASE(
    "a page is bounded, says whether it is all, and begins with the id that it is asked for") {
  const RedisServer server;
  Caller caller{server};
  const std::string text = R"({"registrationId":42,"status":"PENDING","message":")" +
                           std::string(1'000'000, 'x') + "\"}";
  const auto position = caller.open();
  for (int i = 0; i < 40; ++i) {
    caller.publish(text, std::to_string(i));
  }
  const auto page = read_as<HistoryPage>(
      Question::page, *caller.program.command(caller.calls.read({}, {after(position, 7)})));
  CHECK_FALSE(page.is_last);
  CHECK(page.end == after(position, 40));
  REQUIRE(page.entries.size() == 3);
  CHECK(page.entries[0].id == after(position, 7));
  CHECK(page.entries[2].id == after(position, 9));
  CHECK(caller.program.history().entries.size() == 40);
}

TEST_CASE("a page brings more than the entry that it is asked for however large that is") {
  const RedisServer server;
  Caller caller{server};
  const std::string begin = R"({"registrationId":42,"status":"PENDING","message":")";
  constexpr std::size_t bytes_max = 1U << 20U;
  const std::string text = begin + std::string(bytes_max - begin.size() - 2, 'x') + "\"}";
  const auto position = caller.open();
  for (int i = 0; i < 4; ++i) {
    caller.publish(text, std::to_string(i));
  }
  const auto page = read_as<HistoryPage>(
      Question::page, *caller.program.command(caller.calls.read({}, {after(position, 1)})));
  CHECK_FALSE(page.is_last);
  REQUIRE(page.entries.size() == 2);
  CHECK(page.entries[1].id == after(position, 2));
}

TEST_CASE("a key of another type where the history belongs is an error and left alone") {
  const RedisServer server;
  Caller caller{server};
  caller.program.command({"SET", history, "mine"});
  const auto reply = caller.program.command(caller.calls.publish({}, "key", update_json(1)));
  CHECK_THAT(std::string{reply_text(*reply)}, StartsWith("WRONGTYPE"));
  CHECK(reply_text(*caller.program.command({"GET", history})) == "mine");
}
