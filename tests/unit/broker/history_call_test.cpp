// The answers of a real Redis that refuses writes are understood.
#include "redis_refusal.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "broker/history_call.hpp"
#include "broker/passing_error.hpp"

namespace {

using regstream::broker::find_passing_error;
using regstream::broker::HistoryCalls;
using regstream::broker::LoadScript;
using regstream::broker::passing_errors;
using regstream::broker::reply_code;
using regstream::broker::reply_text;
using regstream::test::OtherProgram;
using regstream::test::RedisRefusal;
using regstream::test::RedisServer;
using regstream::test::ScriptCalls;
using regstream::test::update_json;

}  // namespace

TEST_CASE("a redis that refuses writes refuses a publish and a probe for now") {
  const auto code = GENERATE(from_range(RedisRefusal::codes()));
  CAPTURE(code);
  RedisServer server;
  ScriptCalls calls;
  OtherProgram program{server};
  calls.calls.use_digest(
      std::string{reply_text(*program.command(HistoryCalls::words(LoadScript{})))});
  calls.names_script = true;
  REQUIRE(program.command(calls.publish({}, "first", update_json(1)))->type == REDIS_REPLY_ARRAY);

  RedisRefusal refusal{server, code};
  for (const auto& call : {calls.publish({}, "second", update_json(2)), calls.probe()}) {
    const auto reply = program.command(call);
    INFO(reply_text(*reply));
    REQUIRE(reply->type == REDIS_REPLY_ERROR);
    CHECK(reply_code(reply_text(*reply)) == code);
    CHECK(find_passing_error(reply_text(*reply)) != nullptr);
  }
  refusal.end();
  CHECK(program.command(calls.probe())->type == REDIS_REPLY_INTEGER);
  CHECK(program.history().entries.size() == 1);
}

TEST_CASE("a probe changes nothing and is refused where the history can't be") {
  RedisServer server;
  const ScriptCalls calls;
  OtherProgram program{server};
  CHECK(program.command(calls.probe())->integer == 1);
  CHECK(program.command({"DBSIZE"})->integer == 0);
  program.command({"SET", regstream::test::names.history(), "somebody's"});
  CHECK(reply_code(reply_text(*program.command(calls.probe()))) == "WRONGTYPE");
}

TEST_CASE("each passing error is found by its code and no other error is one") {
  CHECK(passing_errors().size() == 12);
  for (const auto& error : passing_errors()) {
    CAPTURE(error.code);
    CHECK(find_passing_error(std::string{error.code} + " some words") == &error);
    CHECK(find_passing_error(std::string{error.code}) == &error);
    CHECK(find_passing_error("ERR Error running script (call to f_1): @user_script:3: "
                             "@user_script: 3: -" +
                             std::string{error.code} + " some words") == &error);
    CHECK(find_passing_error("ERR " + std::string{error.code}) == nullptr);
  }
  CHECK(find_passing_error("NOSCRIPT No matching script") == nullptr);
  CHECK(find_passing_error("BUSYGROUP Consumer Group name already exists") == nullptr);
  CHECK(find_passing_error("") == nullptr);
}
