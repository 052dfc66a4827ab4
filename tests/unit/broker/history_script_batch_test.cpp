// Batches of one publisher: what Redis remembers of them, their order, and what it refuses.
#include <string>
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
using regstream::broker::known_batches_max;
using regstream::broker::PublishBatch;
using regstream::broker::reply_text;
using regstream::test::after;
using regstream::test::Caller;
using regstream::test::OtherProgram;
using regstream::test::RedisServer;
using regstream::test::stamped_json;
using regstream::test::update_json;
using Texts = std::vector<std::string>;
using Updates = std::vector<PublishBatch::Update>;

const std::string history = regstream::test::names.history();
const std::string place = regstream::test::names.publisher("p");

/// Some of one publisher, each with its own number as its text.
PublishBatch batch(int first, int count, bool is_first_in_line = true) {
  PublishBatch batch{.publisher = "p",
                     .first = static_cast<std::uint64_t>(first),
                     .is_first_in_line = is_first_in_line,
                     .updates = {}};
  for (int number = first; number < first + count; ++number) {
    batch.updates.push_back({.message = update_json(number), .key = {}});
  }
  return batch;
}

PublishBatch batch_of(Updates updates) {
  return {.publisher = "p", .first = 1, .updates = std::move(updates)};
}

/// "1000-3 1000-4": so many ids.
std::string ids(EventId first, int count) {
  std::string text = to_string(first);
  for (int i = 1; i < count; ++i) {
    text += ' ' + to_string(after(first, static_cast<std::uint64_t>(i)));
  }
  return text;
}

constexpr const char* out_of_order = "OUTOFORDER an update before these is not in the history";
constexpr const char* older = "ERR the updates are older than others that their publisher has sent";

}  // namespace

TEST_CASE("a batch enters the history in its order and each update has its own result") {
  const RedisServer server;
  Caller caller{server};
  OtherProgram listener{server};
  listener.subscribe();
  const auto position = caller.open();
  CHECK(caller.batch(batch(1, 3)) == ids(after(position), 3));
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const auto message =
        stamped_json(update_json(static_cast<int>(number)), after(position, number));
    CHECK(caller.messages().at(number - 1) == message);
    CHECK(listener.hear() == message);
  }
}

TEST_CASE("a batch that is sent again gets its ids again and nothing else happens") {
  const RedisServer server;
  Caller caller{server, {.key_lifetime = Duration{5'000}}};
  const auto position = caller.open();
  CHECK(caller.batch(batch(1, 2)) == ids(after(position), 2));
  CHECK(caller.batch(batch(3, 1, false)) == ids(after(position, 3), 1));
  CHECK(caller.batch(batch(1, 2)) == ids(after(position), 2));
  CHECK(caller.batch(batch(3, 1, false)) == ids(after(position, 3), 1));
  CHECK(caller.messages().size() == 3);
  const auto left = caller.program.command({"PTTL", place});
  CHECK(left->integer > 0);
  CHECK(left->integer <= 5'000);

  SECTION("in a new epoch as well") {
    CHECK(caller.open({position.epoch, 9}).epoch > position.epoch);
    CHECK(caller.batch(batch(3, 1, false)) == ids(after(position, 3), 1));
    CHECK(caller.messages().size() == 3);
  }
}

TEST_CASE("so many of a publisher's batches are known as may be on their way") {
  const RedisServer server;
  Caller caller{server};
  const auto position = caller.open();
  constexpr int known = static_cast<int>(known_batches_max);
  for (int number = 1; number <= known + 1; ++number) {
    caller.batch(batch(number, 1));
  }
  for (int number = 2; number <= known + 1; ++number) {
    CHECK(caller.batch(batch(number, 1)) ==
          to_string(after(position, static_cast<std::uint64_t>(number))));
  }
  // Such late calls come over a lost connection.
  CHECK(caller.batch(batch(1, 1)) == older);
  CHECK(caller.batch(batch(2, 2)) == older);
  CHECK(caller.messages().size() == static_cast<std::size_t>(known) + 1);
}

TEST_CASE("a batch behind a refused one is out of order") {
  const RedisServer server;
  Caller caller{server};
  CHECK(caller.batch(batch(3, 1, false)) == out_of_order);
  CHECK(caller.messages().empty());
  caller.batch(batch(1, 1));
  CHECK(caller.batch(batch(3, 1, false)) == out_of_order);
  const auto second = caller.batch(batch(2, 1, false));
  CHECK_THAT(caller.batch(batch(3, 1, false)), StartsWith(second.substr(0, second.find('-'))));
  CHECK(caller.messages().size() == 3);
}

TEST_CASE("a batch without unanswered ones before it continues from the publisher's place") {
  const RedisServer server;
  Caller caller{server};
  const auto position = caller.open();
  SECTION("forgotten") {
    CHECK(caller.batch(batch(7, 2)) == ids(after(position), 2));
    CHECK(caller.batch(batch(9, 1, false)) == ids(after(position, 3), 1));
  }
  SECTION("behind") {
    caller.batch(batch(1, 1));
    CHECK(caller.batch(batch(7, 2)) == ids(after(position, 2), 2));
    CHECK(caller.batch(batch(9, 1, false)) == ids(after(position, 4), 1));
    CHECK(caller.batch(batch(2, 5, false)) == older);
  }
  SECTION("made up by somebody else") {
    caller.program.command({"SET", place, "99 x 5;-1 2 3;7 1;"});
    CHECK(caller.batch(batch(7, 2)) == ids(after(position), 2));
    CHECK(caller.batch(batch(7, 2)) == ids(after(position), 2));
  }
}

TEST_CASE("an update that can't be in the history fails alone and again when it is sent again") {
  const RedisServer server;
  Caller caller{server};
  const auto position = caller.open();
  caller.program.command({"LPUSH", regstream::test::names.update("taken"), "mine"});
  const auto mixed = batch_of({{.message = "no object", .key = {}},
                               {.message = update_json(1), .key = {}},
                               {.message = std::string((1U << 20U) + 1, ' ') + "{}", .key = {}},
                               {.message = '{' + std::string(1U << 20U, ' ') + '}', .key = {}},
                               {.message = update_json(2), .key = "taken"},
                               {.message = update_json(3), .key = {}}});
  const std::string answer =
      "ERR the update is not a JSON object " + to_string(after(position)) + ' ' +
      to_string(after(position, 2)) +
      " ERR the update has more bytes than readers accept WRONGTYPE Operation "
      "against a key holding the wrong kind of value " +
      to_string(after(position, 3));
  CHECK(caller.batch(mixed) == answer);
  CHECK(caller.batch(mixed) == answer);
  CHECK(caller.messages().size() == 3);
  // Later updates don't wait for it.
  auto behind = batch(7, 1, false);
  CHECK(caller.batch(behind) == to_string(after(position, 4)));

  SECTION("also where all of them are such") {
    auto none = batch(8, 2, false);
    none.updates[0].message = none.updates[1].message = "[]";
    const std::string each = "ERR the update is not a JSON object";
    CHECK(caller.batch(none) == each + ' ' + each);
    CHECK(caller.batch(none) == each + ' ' + each);
    CHECK(caller.batch(batch(10, 1, false)) == to_string(after(position, 5)));
  }
}

TEST_CASE("an application's key is one update in a batch and in others") {
  const RedisServer server;
  Caller caller{server};
  const auto position = caller.open();
  CHECK(caller.publish(update_json(1), "earlier") == after(position));
  const auto keyed = batch_of({{.message = update_json(2), .key = "a"},
                               {.message = update_json(3), .key = "earlier"},
                               {.message = update_json(4), .key = {}},
                               {.message = update_json(5), .key = "a"},
                               {.message = update_json(6), .key = "b"}});
  const std::string answer = to_string(after(position, 2)) + ' ' + to_string(after(position)) +
                             ' ' + to_string(after(position, 3)) + ' ' +
                             to_string(after(position, 2)) + ' ' + to_string(after(position, 4));
  CHECK(caller.batch(keyed) == answer);
  CHECK(caller.messages().size() == 4);
  CHECK(caller.publish(update_json(7), "b") == after(position, 4));

  SECTION("known by the batch where the keys are forgotten") {
    for (const char* const key : {"a", "b", "earlier"}) {
      caller.program.command({"DEL", regstream::test::names.update(key)});
    }
    CHECK(caller.batch(keyed) == answer);
  }
  SECTION("known by the keys where the place is forgotten") {
    caller.program.command({"DEL", place});
    auto again = keyed;
    again.updates.erase(again.updates.begin() + 2);
    CHECK(caller.batch(again) == to_string(after(position, 2)) + ' ' + to_string(after(position)) +
                                     ' ' + to_string(after(position, 2)) + ' ' +
                                     to_string(after(position, 4)));
  }
  CHECK(caller.messages().size() == 4);
}

TEST_CASE("a batch is trimmed as so many updates are") {
  const RedisServer server;
  SECTION("by their number") {
    Caller caller{server, {.length_max = 3}};
    const auto position = caller.open();
    caller.batch(batch(1, 2));
    CHECK(caller.batch(batch(3, 5, false)) == ids(after(position, 3), 5));
    CHECK(caller.messages() == Texts{stamped_json(update_json(5), after(position, 5)),
                                     stamped_json(update_json(6), after(position, 6)),
                                     stamped_json(update_json(7), after(position, 7))});
  }
  SECTION("a hundredth at once") {
    Caller caller{server, {.length_max = 300}};
    const auto position = caller.open();
    for (int first = 1; first <= 300; first += 100) {
      caller.batch(batch(first, 100));
    }
    CHECK(caller.program.command({"XLEN", history})->integer == 300);
    caller.batch(batch(301, 2));
    CHECK(caller.program.command({"XLEN", history})->integer == 297);
    CHECK(caller.messages().front() == stamped_json(update_json(6), after(position, 6)));
    caller.batch(batch(303, 3));
    CHECK(caller.program.command({"XLEN", history})->integer == 300);
  }
  SECTION("by their bytes") {
    constexpr std::size_t bytes_max = 2U << 20U;
    Caller caller{server, {.bytes_max = bytes_max}};
    auto large = batch(1, 5);
    for (auto& update : large.updates) {
      update.message = R"({"registrationId":42,"message":")" + std::string(200'000, 'x') + "\"}";
    }
    for (int batches = 0; batches < 5; ++batches) {
      caller.batch(large);
      large.first += large.updates.size();
    }
    const auto entries = caller.program.history().entries;
    CHECK(entries.size() == bytes_max / entries.front().message.size());
    CHECK(entries.back().id.sequence == 25);
  }
}

TEST_CASE("whatever command a publisher lacks of a batch that failed nothing is left") {
  const RedisServer server;
  Caller caller{server};
  const bool has_history = GENERATE(false, true);
  if (has_history) {
    caller.batch({.publisher = "other", .first = 1, .updates = {{update_json(9), {}}}});
    caller.batch(batch(1, 1));
  }
  const auto before = caller.messages();
  const auto lacking = GENERATE(as<std::string>{}, "get", "set", "xinfo", "xadd", "eval");
  CAPTURE(has_history, lacking);
  caller.program.command(
      {"ACL", "SETUSER", "user", "on", "nopass", "~*", "&*", "+@all", "-" + lacking});
  auto keyed = batch(2, 3);
  keyed.updates[1].key = "key";
  Caller user{server};
  user.program.command({"AUTH", "user", ""});
  CHECK_THAT(user.batch(keyed), !StartsWith("1"));
  CHECK((caller.messages() == before));
  // It is not remembered either.
  CHECK(caller.batch(batch(5, 1, false)) == out_of_order);
  const auto answer = caller.batch(keyed);
  CHECK(caller.messages().size() == before.size() + 3);
  CHECK(caller.batch(keyed) == answer);
  CHECK_THAT(caller.batch(batch(5, 1, false)), StartsWith(answer.substr(0, answer.find('-'))));
}

TEST_CASE("a publisher that may read a key and not write it leaves nothing of its batch") {
  const RedisServer server;
  Caller caller{server};
  caller.batch(batch(1, 1));
  caller.program.command({"ACL", "SETUSER", "user", "on", "nopass", "~" + history,
                          "~" + regstream::test::names.server(), "~" + place,
                          "%R~" + regstream::test::names.update("*"), "&*", "+@all"});
  auto keyed = batch(2, 3);
  keyed.updates[1].key = "key";
  Caller user{server};
  user.program.command({"AUTH", "user", ""});
  CHECK_THAT(user.batch(keyed), !StartsWith("1"));
  CHECK(caller.messages().size() == 1);
  CHECK(caller.batch(batch(5, 1, false)) == out_of_order);
  caller.batch(keyed);
  CHECK(caller.messages().size() == 4);
}

TEST_CASE("if memory runs out amid a batch all of it is in the history or none") {
  const RedisServer server;
  Caller caller{server};
  caller.batch(batch(1, 1));
  // Full by some of what the batch would take, or before it.
  const int room = GENERATE(-1'000, 0, 300'000, 1'000'000, 4'000'000);
  CAPTURE(room);
  auto large = batch(2, 5);
  for (auto& update : large.updates) {
    update.message = R"({"a":")" + std::string(100'000, 'x') + "\"}";
  }
  const std::string info{reply_text(*caller.program.command({"INFO", "memory"}))};
  const auto used = std::stoll(info.substr(info.find("used_memory:") + 12));
  caller.program.command({"CONFIG", "SET", "maxmemory", std::to_string(used + room)});
  const auto answer = caller.batch(large);
  caller.program.command({"CONFIG", "SET", "maxmemory", "0"});
  const bool is_taken = answer.rfind("OOM", 0) != 0;
  CHECK(caller.messages().size() == (is_taken ? 6U : 1U));
  if (is_taken) {
    CHECK(caller.batch(large) == answer);
  } else {
    CHECK(caller.batch(batch(7, 1, false)) == out_of_order);
    caller.batch(large);
  }
  CHECK(caller.messages().size() == 6);
}
