// Foreign entries in the history's stream count as empty, for the script and for clients that wait
// for entries without it.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/history_call.hpp"
#include "redis_program.hpp"
#include "redis_server.hpp"
#include "script_caller.hpp"

namespace {

using regstream::EventId;
using regstream::broker::AwaitedEntries;
using regstream::broker::AwaitHistory;
using regstream::broker::Command;
using regstream::broker::HistoryCalls;
using regstream::broker::Question;
using regstream::broker::reply_text;
using regstream::test::after;
using regstream::test::Caller;
using regstream::test::read_as;
using regstream::test::RedisServer;
using regstream::test::stamped_json;
using regstream::test::update_json;
using Texts = std::vector<std::string>;

const std::string history = regstream::test::names.history();

/// An entry under `id`, as XADD takes it.
Command entry(EventId id, const std::vector<std::string>& fields) {
  Command command{"XADD", history, to_string(id)};
  command.insert(command.end(), fields.begin(), fields.end());
  return command;
}

/// Fields that are nearly the script's, under the id.
std::vector<Texts> nearly_ours(EventId id) {
  const std::string message = stamped_json(update_json(9), id);
  const std::string bytes = std::to_string(message.size());
  return {
      {"message", "forged"},
      {"other", "field"},
      {"adopted", "1"},
      {"adopted", "1", "bytes", "100"},
      {"message", message},
      {"bytes", bytes, "message", message},
      {"message", message, "bytes", bytes, "more", "1"},
      {"message", message, "bytes", bytes, "adopted", "1", "more", "1"},
      {"message", message, "message", message, "bytes", bytes},
      {"message", message, "bytes", "nan"},
      {"message", message, "bytes", "-nan"},
      {"message", message, "bytes", "inf"},
      {"message", message, "bytes", "-1"},
      {"message", message, "bytes", "1e9"},
      {"message", message, "bytes", "0x7fffffff"},
      {"message", message, "bytes", " 99999"},
      {"message", message, "bytes", "099999"},
      {"message", message, "bytes", ""},
      {"message", message, "bytes", "1.5"},
      {"message", message, "bytes", "1"},
      {"message", message, "bytes", "9007199254740992"},
      {"message", message, "bytes", "18446744073709551615"},
      {"message", message, "bytes", std::string(400, '9')},
      {"message", message, "bytes", bytes, "adopted", ""},
      {"message", message, "bytes", bytes, "adopted", "2"},
      {"message", message, "bytes", bytes, "adopted", "5-x"},
      {"message", message, "bytes", bytes, "adopted", "18446744073709551615-1"},
      {"message", update_json(9), "bytes", bytes},
      {"message", stamped_json(update_json(9), after(id)), "bytes", bytes},
      {"message", "x" + message, "bytes", "99999"},
      {"message", "", "bytes", "0"},
      {"message",
       R"({"a":")" + std::string((1U << 20U) + 300, 'x') + R"(","id":")" + to_string(id) + "\"}",
       "bytes", "2000000"},
  };
}

}  // namespace

TEST_CASE("an entry that the script did not write has no message") {
  const RedisServer server;
  Caller caller{server};
  const auto first = caller.publish(update_json(1), "1");
  const auto position = EventId{first.epoch, 0};
  for (std::size_t index = 0; index < nearly_ours(first).size(); ++index) {
    CAPTURE(index);
    const auto end = caller.open();
    REQUIRE(reply_text(*caller.program.command(
                entry(after(end), nearly_ours(after(end))[index]))) == to_string(after(end)));
    CHECK(caller.open() == after(end));
    CHECK(caller.program.history().entries.back().message.empty());
    CHECK_FALSE(caller.program.history().entries.back().adopted_as);
    const auto awaited =
        read_as<AwaitedEntries>(
            Question::entries, *caller.program.command(caller.calls.calls.words(AwaitHistory{end})))
            .entries;
    REQUIRE(awaited.size() == 1);
    CHECK(awaited.front().message.empty());
    CHECK_FALSE(awaited.front().adopted_as);
    CHECK(caller.adopt({after(end), {{update_json(2), 1}}}));
    CHECK(caller.publish(update_json(3), "after " + std::to_string(index)) == after(end, 3));
  }
  // They go when a new epoch begins, and what is ours stays.
  Texts ours;
  for (const auto& message : caller.messages()) {
    if (!message.empty()) {
      ours.push_back(message);
    }
  }
  CHECK(ours.size() == 1 + 2 * nearly_ours(first).size());
  CHECK(caller.open({position.epoch + 1'000'000'000, 0}).sequence == ours.size());
  CHECK(caller.messages().size() == ours.size());
}

TEST_CASE("an entry as the script writes it is read alike by the script and without it") {
  const RedisServer server;
  Caller caller{server};
  const auto position = caller.open();
  CHECK(caller.adopt({position, {{update_json(1), 1}}}));
  caller.publish(update_json(2), "2");
  caller.publish("{ }", "3");
  const auto entries = caller.program.history().entries;
  const auto awaited =
      read_as<AwaitedEntries>(
          Question::entries,
          *caller.program.command(caller.calls.calls.words(AwaitHistory{position})))
          .entries;
  REQUIRE(awaited.size() == 3);
  for (std::size_t index = 0; index < awaited.size(); ++index) {
    CHECK_FALSE(awaited[index].message.empty());
    CHECK(awaited[index].id == entries[index].id);
    CHECK(awaited[index].message == entries[index].message);
    CHECK(awaited[index].adopted_as == entries[index].adopted_as);
  }
}

TEST_CASE("made-up ids stop nothing and our entries stay") {
  const RedisServer server;
  Caller caller{server};
  const auto first = caller.publish(update_json(1), "1");
  const auto id =
      GENERATE(as<std::string>{}, "18446744073709551615-18446744073709551614", "9007199254740991-5",
               "9007199254740992-0", "9999999999999999-18446744073709551615");
  CAPTURE(id);
  REQUIRE(reply_text(*caller.program.command({"XADD", history, id, "message", "x"})) == id);
  const auto end = caller.open();
  CHECK(end.epoch > first.epoch);
  CHECK(end.epoch < (std::uint64_t{1} << 53U) - 1);
  CHECK(end.sequence == 1);
  CHECK(caller.open() == end);
  CHECK(caller.publish(update_json(2), "2") == after(end));
  CHECK(caller.adopt({after(end), {{update_json(3), 1}}}));
  CHECK(caller.messages() == Texts{stamped_json(update_json(1), {end.epoch, 1}),
                                   stamped_json(update_json(2), {end.epoch, 2}),
                                   stamped_json(update_json(3), {end.epoch, 3})});
  // A caller with such a known id counts as one that knows nothing.
  CHECK(caller.open({UINT64_MAX, UINT64_MAX}) == after(end, 2));
}

TEST_CASE("a made-up id in an earlier epoch is left out") {
  const RedisServer server;
  Caller caller{server};
  const auto end = caller.open();
  caller.program.command(
      {"XADD", history, to_string(EventId{end.epoch, UINT64_MAX}), "message", "x"});
  caller.program.command({"XADD", history, to_string(EventId{end.epoch + 1, 0}), "message", "x"});
  const auto id = caller.publish(update_json(1), "1");
  CHECK(caller.messages().back() == stamped_json(update_json(1), id));
  for (const auto& one : caller.program.history().entries) {
    CHECK(one.id.sequence < 100);
  }
}

TEST_CASE("an epoch that can't be exceeded is followed by one of the clock") {
  const RedisServer server;
  Caller caller{server};
  const EventId greatest{(std::uint64_t{1} << 53U) - 2, 7};
  caller.program.command({"XADD", history, to_string(greatest), "message", "x"});
  const auto end = caller.open({greatest.epoch, 9});
  CHECK(end.epoch < greatest.epoch);
  CHECK(caller.open(end) == end);
  CHECK(caller.open({greatest.epoch, 9}) == end);
}

TEST_CASE("a stream with only foreign entries becomes a history") {
  const RedisServer server;
  Caller caller{server};
  const auto made = caller.program.command({"XADD", history, "*", "message", "mine"});
  const auto id = caller.publish(update_json(1), "1");
  CHECK(id > regstream::broker::read_id(*made).value());
  CHECK(caller.messages() == Texts{stamped_json(update_json(1), id)});
}

TEST_CASE("the history's bytes are counted across what somebody else wrote") {
  const RedisServer server;
  constexpr std::size_t bytes_max = 2U << 20U;
  Caller caller{server, {.bytes_max = bytes_max}};
  const std::string text =
      R"({"registrationId":42,"status":"PENDING","message":")" + std::string(300'000, 'x') + "\"}";
  EventId end;
  for (int i = 0; i < 20; ++i) {
    end = caller.publish(text, std::to_string(i));
    if (i % 3 == 1) {
      caller.program.command(entry(after(end), {"message", "x", "bytes", "nan"}));
    }
  }
  std::size_t ours = 0;
  for (const auto& message : caller.messages()) {
    ours += message.size();
  }
  CHECK(ours <= bytes_max);
  CHECK(ours > bytes_max / 2);
  CHECK(caller.open().epoch == end.epoch);
}

TEST_CASE("a foreign entry of 40 MB is never delivered and trimmed in its turn") {
  const RedisServer server;
  Caller caller{server, {.length_max = 3}};
  const auto first = caller.publish(update_json(1), "1");
  caller.program.command(
      entry(after(first), {"message", std::string(40U << 20U, 'x'), "bytes", "41943040"}));
  const auto page = caller.program.history();
  REQUIRE(page.entries.size() == 2);
  CHECK(page.entries[1].message.empty());
  CHECK(caller.publish(update_json(2), "2") == after(first, 2));
  CHECK(caller.publish(update_json(3), "3") == after(first, 3));
  CHECK(caller.publish(update_json(4), "4") == after(first, 4));
  CHECK(caller.messages() == Texts{stamped_json(update_json(2), after(first, 2)),
                                   stamped_json(update_json(3), after(first, 3)),
                                   stamped_json(update_json(4), after(first, 4))});
}
