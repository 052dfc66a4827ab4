// Whether the history continues on a server that may have lost acknowledged writes.
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/history_call.hpp"
#include "redis_program.hpp"
#include "redis_server.hpp"
#include "script_caller.hpp"

namespace {

using regstream::EventId;
using regstream::broker::AskDurability;
using regstream::broker::Durability;
using regstream::broker::HistoryCalls;
using regstream::broker::Question;
using regstream::broker::Refused;
using regstream::broker::reply_text;
using regstream::test::after;
using regstream::test::Caller;
using regstream::test::OtherProgram;
using regstream::test::read_as;
using regstream::test::RedisData;
using regstream::test::RedisServer;
using regstream::test::stamped_json;
using regstream::test::update_json;
using Texts = std::vector<std::string>;

const std::string history = regstream::test::names.history();
const std::string server_key = regstream::test::names.server();

std::string info_of(OtherProgram& program, const std::string& name) {
  const std::string text{reply_text(*program.command({"INFO", "replication"}))};
  const auto begin = text.find(name + ':') + name.size() + 1;
  return text.substr(begin, text.find('\r', begin) - begin);
}

void wait_for(OtherProgram& program, const std::string& name, const std::string& value) {
  while (info_of(program, name) != value) {
  }
}

}  // namespace

TEST_CASE("a server that was started again goes on in a new epoch with all that it still has") {
  RedisServer server{{}, RedisData::kept};
  EventId last;
  {
    Caller before{server};
    before.publish(update_json(1), "1");
    last = before.publish(update_json(2), "2");
    CHECK(before.open() == last);
  }
  server.kill();
  server.start();

  // The first caller finds it out: no running process has seen the last id.
  Caller caller{server};
  EventId end;
  SECTION("a reader") {
    end = caller.open();
  }
  SECTION("a publisher") {
    end = caller.publish(update_json(3), "3");
  }
  CHECK(end.epoch > last.epoch);
  CHECK(end.sequence >= 2);
  CHECK(caller.messages().at(0) == stamped_json(update_json(1), {end.epoch, 1}));
  CHECK(caller.messages().at(1) == stamped_json(update_json(2), {end.epoch, 2}));
  // Once.
  CHECK(caller.open() == end);
  CHECK(Caller{server}.publish(update_json(4), "4") == after(end));
}

TEST_CASE("a server that syncs each write goes on where it was") {
  RedisServer server{{}, RedisData::kept};
  EventId last;
  bool was_told = true;
  {
    Caller before{server};
    SECTION("as somebody has told before it ended") {
      before.calls.is_durable = true;
      last = before.publish(update_json(1), "1");
    }
    SECTION("as somebody has told once, and others can't tell") {
      Caller knows{server};
      knows.calls.is_durable = true;
      knows.open();
      last = before.publish(update_json(1), "1");
    }
    SECTION("but not if it did so no longer") {
      before.calls.is_durable = true;
      before.open();
      before.calls.is_durable = false;
      last = before.publish(update_json(1), "1");
      was_told = false;
    }
  }
  server.kill();
  server.start();
  Caller caller{server};
  caller.calls.is_durable = true;  // Its present setting says nothing about its past.
  const auto next = caller.publish(update_json(2), "2");
  if (was_told) {
    CHECK(next == after(last));
  } else {
    CHECK(next.epoch > last.epoch);
  }
}

TEST_CASE("whether a server syncs each write is read from its configuration") {
  const RedisServer server{{}, RedisData::kept};
  OtherProgram program{server};
  const auto asked = [&program] {
    return read_as<Durability>(Question::durability,
                               *program.command(HistoryCalls::words(AskDurability{})))
        .is_durable;
  };
  CHECK(asked());
  const auto [name, value, other] = GENERATE(
      table<std::string, std::string, std::string>({{"appendonly", "no", "yes"},
                                                    {"appendfsync", "everysec", "always"},
                                                    {"no-appendfsync-on-rewrite", "yes", "no"}}));
  program.command({"CONFIG", "SET", name, value});
  CHECK_FALSE(asked());
  program.command({"CONFIG", "SET", name, other});
  CHECK(asked());
  read_as<Refused>(Question::durability, *program.command({"CONFIG", "NOTHING"}));
}

TEST_CASE("a replica that was promoted begins a new epoch though it syncs each write") {
  const RedisServer primary{{}, RedisData::kept};
  const RedisServer replica{{}, RedisData::kept};
  Caller before{primary};
  before.calls.is_durable = true;
  const auto last = before.publish(update_json(1), "1");
  Caller caller{replica};
  caller.calls.is_durable = true;
  caller.program.command({"REPLICAOF", "127.0.0.1", std::to_string(primary.port())});
  wait_for(caller.program, "master_link_status", "up");

  // While it is a replica, it shows the primary's data.
  CHECK(caller.open() == last);
  caller.program.command({"REPLICAOF", "NO", "ONE"});
  const auto next = caller.publish(update_json(2), "2");
  CHECK(next.epoch > last.epoch);
  CHECK(next.sequence == 2);

  // The same for the old primary, back in its role without a restart.
  before.program.command({"REPLICAOF", "127.0.0.1", std::to_string(replica.port())});
  wait_for(before.program, "master_link_status", "up");
  before.program.command({"REPLICAOF", "NO", "ONE"});
  CHECK(before.open().epoch > next.epoch);
}

TEST_CASE(
    "a replica that lagged, and was started as a primary, does not take over what was said of the "
    "other") {
  RedisServer primary{{}, RedisData::kept};
  RedisServer replica{{}, RedisData::kept};
  Caller before{primary};
  before.calls.is_durable = true;
  before.publish(update_json(1), "1");
  EventId last;
  {
    OtherProgram program{replica};
    program.command({"REPLICAOF", "127.0.0.1", std::to_string(primary.port())});
    wait_for(program, "master_link_status", "up");
    last = before.publish(update_json(2), "2");
    while (Caller{replica}.messages().size() < 2) {
    }
  }
  replica.kill();
  const auto lost = before.publish(update_json(3), "3");
  primary.kill();
  replica.start();  // As a primary: it was a replica by command only.
  Caller caller{replica};
  caller.calls.is_durable = true;
  const auto next = caller.publish(update_json(4), "4");
  CHECK(next != lost);
  CHECK(next.epoch > last.epoch);
}

TEST_CASE(
    "a server that has loaded a dump, though it had an appendonly file, goes on in a new epoch") {
  RedisServer server{{}, RedisData::kept};
  EventId last;
  {
    Caller before{server};
    before.calls.is_durable = true;
    before.publish(update_json(1), "1");
    before.program.command({"SAVE"});
    last = before.publish(update_json(2), "2");
  }
  server.kill();
  server.start_without_appendonly();
  Caller caller{server};
  CHECK(caller.publish(update_json(3), "3").epoch > last.epoch);
  CHECK(caller.messages().size() == 2);
}

TEST_CASE("a primary whose last replica is long gone is the same and has lost nothing") {
  const RedisServer primary;
  Caller caller{primary};
  caller.program.command({"CONFIG", "SET", "repl-backlog-ttl", "1"});
  const auto last = caller.publish(update_json(1), "1");
  const auto name = info_of(caller.program, "master_replid");
  {
    const RedisServer replica;
    OtherProgram program{replica};
    program.command({"REPLICAOF", "127.0.0.1", std::to_string(primary.port())});
    wait_for(program, "master_link_status", "up");
  }
  while (info_of(caller.program, "master_replid") == name) {
  }
  CHECK(caller.publish(update_json(2), "2") == after(last));
}

TEST_CASE("the server's key is written once and its loss is a doubt") {
  const RedisServer server;
  Caller caller{server};
  caller.publish(update_json(1), "1");
  const auto kept = [&caller] {
    return std::string{reply_text(*caller.program.command({"GET", server_key}))};
  };
  const std::string first = kept();
  const std::string identity = first.substr(0, first.rfind(' '));
  CHECK(first.find(info_of(caller.program, "master_replid")) == 0);
  const auto end = caller.publish(update_json(2), "2");
  CHECK(kept() == first);
  CHECK(first == identity + ' ' + std::to_string(end.epoch));
  SECTION("deleted") {
    caller.program.command({"DEL", server_key});
  }
  SECTION("written by somebody else") {
    caller.program.command({"SET", server_key, "something else"});
  }
  SECTION("of another kind") {
    caller.program.command({"DEL", server_key});
    caller.program.command({"HSET", server_key, "a", "b"});
  }
  const auto next = caller.open();
  CHECK(next.epoch > end.epoch);
  CHECK(kept() == identity + ' ' + std::to_string(next.epoch));
}

TEST_CASE("a server's key of an earlier version without an epoch is no doubt") {
  const RedisServer server;
  Caller caller{server};
  const auto end = caller.publish(update_json(1), "1");
  const std::string kept{reply_text(*caller.program.command({"GET", server_key}))};
  caller.program.command({"SET", server_key, kept.substr(0, kept.rfind(' '))});
  CHECK(caller.publish(update_json(2), "2") == after(end));
}

TEST_CASE("histories that begin in one millisecond have different epochs") {
  const RedisServer server;
  Caller caller{server};
  auto last = caller.open();
  constexpr int count = 100;
  for (int i = 0; i < count; ++i) {
    caller.program.send({"DEL", history});
    caller.program.send(caller.calls.open({}));  // By a caller that has seen none of them.
  }
  for (int i = 0; i < count; ++i) {
    caller.program.read();
    const auto end =
        read_as<regstream::broker::HistoryOpened>(Question::open, *caller.program.read()).end;
    REQUIRE(end.epoch > last.epoch);
    last = end;
  }
}

TEST_CASE("a client without INFO is served as before") {
  RedisServer server{{}, RedisData::kept};
  OtherProgram administrator{server};
  const auto answer = administrator.command(
      {"ACL", "SETUSER", "somebody", "on", ">pw", "~*", "&*", "+@all", "-info"});
  REQUIRE(reply_text(*answer) == "OK");
  Caller caller{server};
  REQUIRE(reply_text(*caller.program.command({"AUTH", "somebody", "pw"})) == "OK");
  const auto first = caller.publish(update_json(1), "1");
  CHECK(caller.publish(update_json(2), "2") == after(first));
  CHECK(administrator.command({"EXISTS", server_key})->integer == 0);
}

TEST_CASE("a loss is one entry without a message and the history continues after it") {
  const RedisServer server;
  Caller caller{server};
  const auto first = caller.publish(update_json(1), "1");
  const auto lose = [&caller](EventId known) {
    return regstream::broker::read_id(*caller.program.command(caller.calls.lose(known))).value();
  };
  CHECK(lose(first) == after(first));
  CHECK(lose(first) == after(first, 2));  // What was lost may have come after that.
  CHECK(caller.publish(update_json(2), "2") == after(first, 3));
  CHECK(lose({}) == after(first, 4));
  CHECK(caller.messages() == Texts{stamped_json(update_json(1), first), "", "",
                                   stamped_json(update_json(2), after(first, 3)), ""});
}

TEST_CASE("where servers take each other's place no disk is proof that nothing was lost") {
  RedisServer server{{}, RedisData::kept};
  EventId last;
  {
    Caller before{server};
    before.calls.is_durable = true;
    before.publish(update_json(1), "1");
    before.calls.is_durable = {};
    before.calls.may_move = true;
    last = before.publish(update_json(2), "2");
    CHECK(last.sequence == 2);  // It is the same server still.
    CHECK(before.open() == last);
  }
  server.kill();
  server.start();
  Caller caller{server};
  caller.calls.may_move = true;
  const auto next = caller.publish(update_json(3), "3");
  CHECK(next.epoch > last.epoch);
  CHECK(next.sequence == 3);
  CHECK(caller.open() == next);
}

TEST_CASE("a history that was moved to another server begins a new epoch there") {
  const RedisServer source{{}, RedisData::kept};
  const RedisServer target{{}, RedisData::kept};
  Caller before{source};
  before.calls.may_move = true;
  const auto last = before.publish(update_json(1), "1");
  for (const std::string& key :
       {regstream::test::names.history(), server_key, regstream::test::names.update("1")}) {
    before.program.command(
        {"MIGRATE", "127.0.0.1", std::to_string(target.port()), key, "0", "9000"});
  }
  Caller caller{target};
  caller.calls.may_move = true;
  CHECK(caller.publish(update_json(1), "1") == last);  // The key has moved, too.
  const auto next = caller.publish(update_json(2), "2");
  CHECK(next.epoch > last.epoch);
  CHECK(next.sequence == 2);
}

TEST_CASE("a promotion that was forgotten is noticed where servers take each other's place") {
  const RedisServer primary;
  const RedisServer replica;
  Caller caller{primary};
  caller.calls.may_move = true;
  const auto last = caller.publish(update_json(1), "1");
  OtherProgram other{replica};
  other.command({"REPLICAOF", "127.0.0.1", std::to_string(primary.port())});
  wait_for(other, "master_link_status", "up");
  // An hour after the last replica has gone, it has another id, and no second one.
  caller.program.command({"CONFIG", "SET", "repl-backlog-ttl", "1"});
  const std::string id = info_of(caller.program, "master_replid");
  other.command({"REPLICAOF", "NO", "ONE"});
  while (info_of(caller.program, "master_replid") == id) {
  }
  CHECK(info_of(caller.program, "master_replid2") == std::string(40, '0'));
  const bool may_move = GENERATE(false, true);
  caller.calls.may_move = may_move;
  CHECK((caller.open().epoch > last.epoch) == may_move);
}

TEST_CASE("a client without INFO gets an error where servers may move") {
  const RedisServer server;
  OtherProgram operator_program{server};
  operator_program.command({"ACL", "SETUSER", "default", "-info"});
  Caller caller{server};
  CHECK(caller.publish(update_json(1), "1").sequence == 1);
  caller.calls.may_move = true;
  const auto reply = caller.program.command(caller.calls.open({}));
  REQUIRE(reply->type == REDIS_REPLY_ERROR);
  CHECK(regstream::broker::reply_code(reply_text(*reply)) == "NOPERM");
}
