// A session whose connections lead to two servers, as in a failover: in the end they lead to one.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "session_bench.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: every command and reply.
using namespace regstream::test;    // NOLINT

/// The session asks a caller's new server what it must know, and calls the script again.
Texts answer_caller(Bench& bench, const std::string& server) {
  bench.wants();
  bench.call_reply(Durability{});
  bench.call_reply(Done{});
  Texts last;
  for (int answers = 0; answers < 12 && last.empty(); ++answers) {
    const auto question = bench.asked(LinkRole::caller);
    if (!question) {
      break;
    }
    last = bench.call_reply(
        *question == Question::server
            ? HistoryReply{ServerIdentity{.run_id = server, .replication_id = {}}}
        : *question == Question::page
            ? HistoryReply{HistoryPage{.end = {1'000, 0}, .is_last = true, .entries = {}}}
            : HistoryReply{Done{}});
  }
  return last;
}

const std::string moved = "failed: " + moved_failure().what;

}  // namespace

TEST_CASE("a listener at another server than a newer caller is reconnected as is the waiter") {
  Bench bench;
  bench.bring_up_gateway();
  bench.lose(LinkRole::caller);
  bench.wake();
  bench.connect(LinkRole::caller);
  CHECK(answer_caller(bench, "second") ==
        Texts{"give up listener", moved, "give up waiter", "not awaited"});
  CHECK_FALSE(bench.session.is_connected());
}

TEST_CASE("a caller at another server than a newer listener is reconnected as is the waiter") {
  Bench bench;
  bench.bring_up_gateway();
  bench.publish("a");
  CHECK(bench.wants() == Texts{"publish a"});
  bench.lose(LinkRole::listener);
  bench.wake();
  bench.connect(LinkRole::listener);
  CHECK(bench.wants() == Texts{"open"});
  CHECK(bench.reply(LinkRole::listener, HistoryOpened{{1'000, 0}, "second"}) ==
        Texts{"give up caller", moved, "give up waiter", "not awaited", "subscribe"});
  CHECK(bench.ended.empty());
  CHECK(bench.session.queue().waiting() == 1);  // It is sent to the second, under its key.
}

TEST_CASE("connections of one instant to two servers lead to one in the end") {
  Bench bench;
  bench.session.follow();
  bench.wants();
  bench.connect(LinkRole::caller);
  bench.connect(LinkRole::listener);
  bench.wants();
  bench.reply(LinkRole::listener, HistoryOpened{{1'000, 0}, "second"});
  CHECK(answer_caller(bench, "first") == Texts{"give up listener", moved});
  bench.wake();
  bench.connect(LinkRole::listener);
  bench.wants();
  // It leads there again, and is the newer one now.
  const auto parted = bench.reply(LinkRole::listener, HistoryOpened{{1'000, 0}, "second"});
  CHECK(parted.front() == "give up caller");
}

TEST_CASE("servers that don't identify themselves count as one") {
  Bench bench;
  bench.bring_up_gateway();
  const auto [role, reply] = GENERATE(table<LinkRole, HistoryReply>(
      {{LinkRole::caller, Done{}}, {LinkRole::listener, HistoryOpened{{1'000, 0}, {}}}}));
  bench.lose(role);
  bench.wake();
  bench.connect(role);
  if (role == LinkRole::caller) {
    CHECK(answer_caller(bench, {}) == Texts{"followed, waited 0"});
  } else {
    bench.wants();
    CHECK(bench.reply(role, HistoryReply{reply}) == Texts{"subscribe"});
  }
  CHECK(bench.session.due(LinkRole::waiter) != nullptr);
}
