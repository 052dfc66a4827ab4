// Redis refuses half-way: an update whose publisher got an error is not in the history, and earlier
// entries stay.

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/history_call.hpp"
#include "redis_program.hpp"
#include "redis_server.hpp"
#include "script_caller.hpp"

namespace {

using regstream::EventId;
using regstream::broker::Command;
using regstream::broker::read_id;
using regstream::broker::reply_text;
using regstream::test::after;
using regstream::test::Caller;
using regstream::test::OtherProgram;
using regstream::test::published_id;
using regstream::test::published_text;
using regstream::test::RedisServer;
using regstream::test::stamped_json;
using regstream::test::update_json;
using Texts = std::vector<std::string>;

const std::string history = regstream::test::names.history();
const std::string key = regstream::test::names.update("tried");

/// Histories in which `publish` needs all of its commands: a new one, a running one, a full one,
/// one whose epoch is over, and one whose end is made up.
enum class Before { nothing, some, full, lost, made_up };

struct Situation {
  explicit Situation(Before before) : caller(server, {.bytes_max = 2U << 20U}) {
    if (before == Before::nothing) {
      return;
    }
    const std::string padding(before == Before::full ? 900'000 : 1, 'x');
    for (int number = 1; number <= 2; ++number) {
      const auto id = caller.publish(R"({"registrationId":42,"status":"P","message":")" + padding +
                                         std::to_string(number) + "\"}",
                                     std::to_string(number));
      if (before == Before::lost) {
        known = {id.epoch, 9};
      }
    }
    if (before == Before::made_up) {
      caller.program.command({"XADD", history, "18446744073709551615-1", "message", "x"});
    }
    tried.insert(tried.size() - 2, before == Before::full ? std::string(900'000, 'y') : "");
  }

  /// Without their ids, which a new epoch changes.
  Texts kept() {
    Texts texts;
    for (const auto& entry : caller.program.history().entries) {
      if (!entry.message.empty()) {
        texts.push_back(entry.message.substr(0, entry.message.find(",\"id\"")));
      }
    }
    return texts;
  }

  RedisServer server;
  Caller caller;
  EventId known;
  std::string tried = R"({"registrationId":42,"status":"TRIED","message":""})";
};

/// Checks that the publisher's answer is true, and that the same update can be published once
/// nothing prevents it.
void check_told_is_true(Situation& situation, OtherProgram& user) {
  const auto before = situation.kept();
  const auto reply =
      user.command(situation.caller.calls.publish(situation.known, "tried", situation.tried));
  const auto id = published_id(*reply);
  CAPTURE(published_text(*reply));
  const auto after_it = situation.kept();
  const std::string tried = situation.tried.substr(0, situation.tried.size() - 1);
  CHECK(std::count(after_it.begin(), after_it.end(), tried) == (id ? 1 : 0));
  // Nothing goes but what has to make room; and then at most what would have gone.
  const std::size_t room = situation.tried.size() > 900'000 ? 1 : 0;
  CHECK(after_it.size() + room >= before.size() + (id ? 1 : 0));

  const auto again = situation.caller.publish(situation.tried, "tried", situation.known);
  CHECK(again == id.value_or(again));
  const auto at_last = situation.kept();
  CHECK(std::count(at_last.begin(), at_last.end(), tried) == 1);
  CHECK(situation.caller.publish(situation.tried, "tried", situation.known) == again);
}

Before any_before() {
  return GENERATE(Before::nothing, Before::some, Before::full, Before::lost, Before::made_up);
}

}  // namespace

TEST_CASE("whatever permission a publisher lacks a failed update is not in the history") {
  Situation situation{any_before()};
  const auto lacking = GENERATE(as<std::string>{}, "get", "set", "exists", "time", "xinfo",
                                "xrange", "xadd", "xdel", "del", "publish", "eval", "ping");
  CAPTURE(lacking);
  situation.caller.program.command(
      {"ACL", "SETUSER", "user", "on", "nopass", "~*", "&*", "+@all", "-" + lacking});
  OtherProgram user{situation.server};
  user.command({"AUTH", "user", ""});
  check_told_is_true(situation, user);
}

TEST_CASE("a probe is refused wherever a publish would be and changes nothing") {
  Situation situation{any_before()};
  const auto lacking = GENERATE(as<std::string>{}, "", "get", "set", "exists", "time", "xinfo",
                                "xrange", "xadd", "xdel", "del", "eval");
  CAPTURE(lacking);
  situation.caller.program.command({"ACL", "SETUSER", "user", "on", "nopass", "~*", "&*", "+@all"});
  if (!lacking.empty()) {
    situation.caller.program.command({"ACL", "SETUSER", "user", "-" + lacking});
  }
  OtherProgram user{situation.server};
  user.command({"AUTH", "user", ""});
  const auto keys = situation.caller.program.command({"DBSIZE"})->integer;
  const auto entries = situation.caller.program.command({"XLEN", history})->integer;
  const auto probed = user.command(situation.caller.calls.probe());
  CAPTURE(std::string{reply_text(*probed)});
  CHECK(situation.caller.program.command({"DBSIZE"})->integer == keys);
  CHECK(situation.caller.program.command({"XLEN", history})->integer == entries);
  if (lacking.empty()) {
    CHECK(probed->integer == 1);
  }
  if (!published_id(*user.command(
          situation.caller.calls.publish(situation.known, "tried", situation.tried)))) {
    CHECK(probed->type == REDIS_REPLY_ERROR);
  }
}

TEST_CASE("a publisher that may not use the channel has its update in the history") {
  Situation situation{any_before()};
  situation.caller.program.command(
      {"ACL", "SETUSER", "user", "on", "nopass", "~*", "resetchannels", "+@all"});
  OtherProgram user{situation.server};
  user.command({"AUTH", "user", ""});
  check_told_is_true(situation, user);
  CHECK_FALSE(situation.kept().empty());
}

TEST_CASE("a publisher that may not use a key has no update in the history") {
  Situation situation{any_before()};
  const auto pattern =
      GENERATE_COPY(as<std::string>{}, "~" + history, "~" + regstream::test::names.update("*"),
                    "~" + regstream::test::names.publisher("*"), std::string{"~other"});
  situation.caller.program.command(
      {"ACL", "SETUSER", "user", "on", "nopass", pattern, "&*", "+@all"});
  OtherProgram user{situation.server};
  user.command({"AUTH", "user", ""});
  check_told_is_true(situation, user);
}

TEST_CASE("a Redis without memory takes nothing or all of an update") {
  Situation situation{any_before()};
  situation.caller.program.command({"CONFIG", "SET", "maxmemory", "1"});
  const auto reply = situation.caller.program.command(
      situation.caller.calls.publish(situation.known, "tried", situation.tried));
  situation.caller.program.command({"CONFIG", "SET", "maxmemory", "0"});
  const auto kept = situation.kept();
  const std::string tried = situation.tried.substr(0, situation.tried.size() - 1);
  CHECK(std::count(kept.begin(), kept.end(), tried) == (published_id(*reply) ? 1 : 0));
  const auto id = situation.caller.publish(situation.tried, "tried", situation.known);
  CHECK(id == published_id(*reply).value_or(id));
}

TEST_CASE("a read-only Redis and one with too few replicas accept nothing") {
  Situation situation{any_before()};
  const auto before = situation.kept();
  const auto call = situation.caller.calls.publish(situation.known, "tried", situation.tried);
  situation.caller.program.command({"CONFIG", "SET", "min-replicas-to-write", "1"});
  CHECK(reply_text(*situation.caller.program.command(call)).starts_with("NOREPLICAS"));
  situation.caller.program.command({"CONFIG", "SET", "min-replicas-to-write", "0"});
  CHECK((situation.kept() == before));
  CHECK(situation.caller.program.command({"EXISTS", key})->integer == 0);
}

TEST_CASE("a key of another type under which an update belongs is an error and left alone") {
  Situation situation{any_before()};
  situation.caller.program.command({"LPUSH", key, "mine"});
  const auto before = situation.kept();
  const auto reply = situation.caller.program.command(
      situation.caller.calls.publish(situation.known, "tried", situation.tried));
  CHECK(published_text(*reply).starts_with("WRONGTYPE"));
  CHECK((situation.kept() == before));
  CHECK(situation.caller.program.command({"LLEN", key})->integer == 1);
}

TEST_CASE("an update that no reader accepts is refused and changes nothing") {
  Situation situation{Before::some};
  const auto before = situation.kept();
  const auto reply = situation.caller.program.command(
      situation.caller.calls.publish({}, "tried",
                                     R"({"registrationId":42,"status":"P","message":")" +
                                         std::string((1U << 20U) + 300, 'x') + "\"}"));
  CHECK(published_text(*reply) == "ERR the update has more bytes than readers accept");
  CHECK((situation.kept() == before));
}

TEST_CASE("a gateway that may not publish adoptions adopts each message once") {
  const RedisServer server;
  Caller caller{server};
  const auto position = caller.open();
  caller.program.command(
      {"ACL", "SETUSER", "user", "on", "nopass", "~*", "resetchannels", "+@all"});
  OtherProgram user{server};
  user.command({"AUTH", "user", ""});
  const auto call = caller.calls.adopt({}, {position, {{update_json(1), 1}, {update_json(2), 1}}});
  CHECK(read_id(*user.command(call)) == after(position, 2));
  CHECK(read_id(*user.command(call)) == after(position, 2));
  CHECK(caller.messages() == Texts{stamped_json(update_json(1), after(position)),
                                   stamped_json(update_json(2), after(position, 2))});
}
