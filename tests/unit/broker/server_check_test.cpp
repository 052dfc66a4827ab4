#include <string>

#include <catch2/catch.hpp>

#include "broker/resp.hpp"
#include "broker/server_check.hpp"
#include "captured_log.hpp"

namespace {

using Catch::Contains;
using regstream::broker::RespReader;
using regstream::broker::ServerCheck;
using regstream::test::CapturedLog;

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

void answer(ServerCheck& check, const std::string& reply) {
  RespReader reader;
  REQUIRE(reader.feed(reply));
  check.on_answer(*reader.next());
}

void answer_policy(ServerCheck& check, const std::string& policy) {
  answer(check, bulk("# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:" + policy + "\r\nx:1\r\n"));
}

void answer_run_id(ServerCheck& check, const std::string& run_id) {
  answer(check,
         bulk("# Server\r\nredis_version:7.0.15\r\nrun_id:" + run_id + "\r\ntcp_port:1\r\n"));
}

const std::string none(40, '0');

/// `second`: what a promotion leaves.
void answer_replication_id(ServerCheck& check, const std::string& id,
                           const std::string& second = none) {
  answer(check, bulk("# Replication\r\nrole:master\r\nmaster_replid:" + id +
                     "\r\nmaster_replid2:" + second + "\r\n"));
}

}  // namespace

TEST_CASE("a redis that evicts keys is warned about once until it does not") {
  const CapturedLog captured;
  ServerCheck check{"localhost:6379"};
  answer_policy(check, "noeviction");
  CHECK(captured.text().empty());
  for (int connection = 0; connection < 3; ++connection) {
    check.on_connected("localhost:6379");
    answer_policy(check, "allkeys-lru");
    regstream::logging::forget_lines();  // As after ten seconds.
  }
  const std::string line =
      "warning: redis at localhost:6379 evicts keys when its memory is full (maxmemory-policy "
      "allkeys-lru): updates may be lost then, or published twice; set maxmemory-policy "
      "noeviction\n";
  CHECK(captured.text() == line);
  CHECK(check.maxmemory_policy() == "allkeys-lru");
  answer_policy(check, "noeviction");
  answer_policy(check, "allkeys-lru");
  CHECK(captured.text() == line + line);
}

TEST_CASE("a redis that forbids the questions is no trouble") {
  const CapturedLog captured;
  ServerCheck check{"localhost:6379"};
  answer(check, "-NOPERM this user has no permissions to run the 'info' command\r\n");
  answer(check, "*0\r\n");
  answer(check, ":1\r\n");
  answer(check, bulk("run_id:"));
  answer(check, bulk("# Server\r\n"));
  CHECK(captured.text().empty());
  CHECK(check.maxmemory_policy().empty());
  CHECK_THAT(check.loss_reason(), Contains("flushed, evicted the history, or came back"));
}

TEST_CASE("a failover of the same server is recognized") {
  ServerCheck check{"localhost:6379"};
  answer_run_id(check, "one");
  answer_replication_id(check, "a");
  check.on_caught_up();
  answer_run_id(check, "one");
  answer_replication_id(check, "b", "a");
  CHECK_THAT(check.loss_reason(), Contains("demoted or promoted"));
  check.on_caught_up();
  CHECK_THAT(check.loss_reason(), Contains("was flushed"));
}

TEST_CASE("a primary that takes another id without a promotion is the same one") {
  ServerCheck check{"localhost:6379"};
  answer_run_id(check, "one");
  answer_replication_id(check, "a");
  check.on_caught_up();
  answer_replication_id(check, "b");
  CHECK_THAT(check.loss_reason(), Contains("was flushed"));
  answer(check,
         bulk("# Replication\r\nrole:slave\r\nmaster_replid:c\r\nmaster_replid2:" + none + "\r\n"));
  CHECK_THAT(check.loss_reason(), Contains("demoted or promoted"));
}

TEST_CASE("a redis's memory is known as far as it reports it") {
  const CapturedLog captured;
  ServerCheck check{"localhost:6379"};
  CHECK_FALSE(check.evicts());
  CHECK_FALSE(check.memory_used());
  const auto memory = [&check](const std::string& used, const std::string& max) {
    answer(check,
           bulk("# Memory\r\nused_memory:" + used + "\r\nused_memory_human:1M\r\nmaxmemory:" + max +
                "\r\nmaxmemory_human:2M\r\nmaxmemory_policy:noeviction\r\n"));
  };
  memory("1048576", "2097152");
  CHECK(check.evicts() == false);
  CHECK(check.memory_used() == 1'048'576);
  CHECK(check.memory_max() == 2'097'152);
  memory("-1", "99999999999999999999999");
  CHECK_FALSE(check.memory_used());
  CHECK_FALSE(check.memory_max());
  memory("1 ", "");
  CHECK_FALSE(check.memory_used());
  CHECK_FALSE(check.memory_max());
  memory("1", "0");
  answer_policy(check, "allkeys-lru");
  CHECK(check.evicts() == true);
  CHECK(check.memory_max() == 0);
  check.on_connected("localhost:6379");
  CHECK_FALSE(check.evicts());
  CHECK_FALSE(check.memory_max());
}

TEST_CASE("the reason of a loss is given as far as it is known") {
  const CapturedLog captured;
  ServerCheck check{"localhost:6379"};
  answer_run_id(check, "one");
  answer_policy(check, "noeviction");
  check.on_caught_up();
  CHECK_THAT(check.loss_reason(), Contains("was flushed") && !Contains("evicted"));
  answer_policy(check, "volatile-ttl");
  CHECK_THAT(check.loss_reason(), Contains("evicted (maxmemory-policy volatile-ttl)"));
  check.on_connected("localhost:6379");
  CHECK_THAT(check.loss_reason(), Contains("flushed, evicted the history, or came back"));
  answer_run_id(check, "two");
  CHECK_THAT(check.loss_reason(), Contains("restarted, or another server took its place"));
  check.on_caught_up();
  CHECK_THAT(check.loss_reason(), Contains("evicted (maxmemory-policy is not known)"));
}
