// A session that must find its server: where its links lead, and what they ask there first.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "session_bench.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: every command and reply.
using namespace regstream::test;    // NOLINT

RedisAddress at(std::uint16_t port) {
  return {.host = "10.0.0.1", .port = port};
}

HistorySessionOptions with_sentinels() {
  HistorySessionOptions options;
  options.finder.topology = Topology::sentinel;
  options.finder.primary_name = "mymaster";
  options.finder.asked = {at(1), at(2)};
  return options;
}

ServerLocation located(std::uint16_t port) {
  return {.primary = at(port), .config_epoch = {}, .others = {}};
}

/// A sentinel's answer.
Texts tell(Bench& bench, std::uint16_t port) {
  bench.reply(LinkRole::finder, located(port));
  bench.reply(LinkRole::finder, ServerLocation{});
  return bench.reply(LinkRole::finder, ServerLocation{});
}

void find(Bench& bench, std::uint16_t port) {
  bench.wants();
  bench.connect(LinkRole::finder);
  CHECK(bench.wants() == Texts{"sentinel?"});
  tell(bench, port);
}

/// The server identifies itself.
Texts introduce(Bench& bench, LinkRole role, const std::string& run, const std::string& replication,
                bool is_replica = false) {
  bench.connect(role);
  CHECK(bench.wants() == Texts{"who?"});
  bench.reply(role, ServerIdentity{.run_id = run, .replication_id = {}});
  return bench.reply(
      role, ServerIdentity{.run_id = {}, .replication_id = replication, .is_replica = is_replica});
}

/// A gateway that follows an empty history.
void bring_up(Bench& bench) {
  bench.session.follow();
  find(bench, 100);
  introduce(bench, LinkRole::caller, "a", "1");
  bench.call_reply(Done{});
  introduce(bench, LinkRole::waiter, "a", "1");
  introduce(bench, LinkRole::listener, "a", "1");
  bench.reply(LinkRole::listener, HistoryOpened{{1'000, 0}, "a"});
  bench.reply(LinkRole::listener, Done{});
  bench.reply(LinkRole::listener, Done{});
  for (int answers = 0; answers < 16 && bench.session.due(LinkRole::caller) != nullptr; ++answers) {
    const bool is_page = bench.asked(LinkRole::caller) == Question::page;
    bench.call_reply(
        is_page ? HistoryReply{HistoryPage{.end = {1'000, 0}, .is_last = true, .entries = {}}}
                : HistoryReply{Done{}});
  }
  REQUIRE(bench.session.is_connected());
}

}  // namespace

TEST_CASE("no link is made before a sentinel names the primary") {
  Bench bench{with_sentinels()};
  bench.session.follow();
  CHECK(bench.wants() == Texts{"connect finder"});
  bench.lose(LinkRole::finder);
  CHECK(bench.wants() == Texts{"connect finder"});
  bench.connect(LinkRole::finder);
  CHECK(bench.wants() == Texts{"sentinel?"});
  CHECK(tell(bench, 100) == Texts{"connect caller", "connect listener", "connect waiter"});
}

TEST_CASE("the log and readiness say that no sentinel knows the name") {
  Bench bench{with_sentinels()};
  bench.session.follow();
  bench.wants();
  bench.lose(LinkRole::finder);
  bench.wants();
  bench.lose(LinkRole::finder);
  const Texts said = bench.wants();
  REQUIRE(said.size() == 1);
  CHECK_THAT(said.front(), Catch::Contains("failed: no sentinel knows where the primary"));
  CHECK_THAT(bench.session.obstacles().publishing,
             Catch::Contains("no sentinel or node knows where redis is"));
  CHECK(bench.wake() == Texts{"connect finder"});
}

TEST_CASE("each link first asks for the server's identity and calls say that servers may move") {
  Bench bench{with_sentinels()};
  find(bench, 100);
  CHECK(introduce(bench, LinkRole::caller, "a", "1") == Texts{"load"});
  bench.call_reply(Done{});
  bench.publish("k");
  const auto action = bench.session.poll(bench.now);
  const auto& call = std::get<ScriptCall>(std::get<Call>(action.value()).command);
  CHECK(call.may_move);
  CHECK_FALSE(call.is_durable);
}

TEST_CASE("a replica is left and asked for again") {
  Bench bench{with_sentinels()};
  find(bench, 100);
  const Texts left = introduce(bench, LinkRole::caller, "a", "1", true);
  REQUIRE(left.size() == 2);
  CHECK(left.front() == "give up caller");
  CHECK_THAT(left.back(), Catch::Contains("10.0.0.1:100 is a replica"));
  const Texts asks = bench.wake();
  CHECK(std::count(asks.begin(), asks.end(), "connect finder") +
            std::count(asks.begin(), asks.end(), "connect caller") >
        0);
}

TEST_CASE("a server that does not identify itself is not used where servers may move") {
  Bench bench{with_sentinels()};
  find(bench, 100);
  bench.connect(LinkRole::caller);
  bench.wants();
  bench.reply(LinkRole::caller, rejected());
  const Texts left = bench.reply(LinkRole::caller, rejected());
  REQUIRE(left.size() == 2);
  CHECK(left.front() == "give up caller");
  CHECK_THAT(left.back(), Catch::Contains("grant its user +info"));
}

TEST_CASE("when a sentinel names another primary all links go there at once") {
  Bench bench{with_sentinels()};
  bring_up(bench);
  bench.publish("k");
  bench.wants();
  while (bench.session.due(LinkRole::finder) == nullptr) {
    bench.wake();
  }
  const Texts moved = tell(bench, 200);
  const auto count = [&moved](const std::string& text) {
    return std::count(moved.begin(), moved.end(), text);
  };
  CHECK(count("give up caller") + count("give up listener") + count("give up waiter") == 3);
  CHECK(count("connect caller") + count("connect listener") + count("connect waiter") == 3);
  CHECK(bench.session.queue().waiting() == 1);  // It is sent again to the other server, under its
                                                // key.
}

TEST_CASE("links that are made before and after a promotion do not stay together") {
  Bench bench{with_sentinels()};
  bring_up(bench);
  bench.lose(LinkRole::waiter);
  bench.wake();
  const auto replication = GENERATE(as<std::string>{}, "1", "2");
  const Texts met = introduce(bench, LinkRole::waiter, "a", replication);
  const bool has_left = std::count(met.begin(), met.end(), "give up listener") == 1 &&
                        std::count(met.begin(), met.end(), "give up caller") == 1;
  CHECK(has_left == (replication == "2"));
}

TEST_CASE("after a lost link a sentinel is asked whether the primary has changed") {
  Bench bench{with_sentinels()};
  bring_up(bench);
  bench.lose(LinkRole::caller);
  bool has_asked = false;
  for (int wakes = 0; wakes < 4 && !has_asked; ++wakes) {
    bench.wake();
    has_asked = bench.session.due(LinkRole::finder) != nullptr;
    bench.connect(LinkRole::finder);
    bench.wants();
    has_asked |= bench.session.due(LinkRole::finder) != nullptr;
  }
  CHECK(has_asked);
}

TEST_CASE(
    "a node of a cluster that has the history no longer sends all links to the one that has") {
  HistorySessionOptions options = with_sentinels();
  options.finder.topology = Topology::cluster;
  Bench bench{std::move(options)};
  bench.wants();
  bench.connect(LinkRole::finder);
  CHECK(bench.wants() == Texts{"slots?"});
  bench.reply(LinkRole::finder, located(100));
  introduce(bench, LinkRole::caller, "a", "1");
  bench.call_reply(Done{});
  bench.publish("k");
  CHECK(bench.wants() == Texts{"publish k"});
  const PassingError moved{"MOVED", "another node has it", true};
  const Texts left = bench.call_reply(
      Refused{.failure = {RedisFailureKind::passing, "MOVED", &moved}, .moved_to = at(200)});
  CHECK(std::count(left.begin(), left.end(), "give up caller") == 1);
  CHECK(std::count(left.begin(), left.end(), "connect caller") == 1);
  CHECK(bench.ended.empty());
  introduce(bench, LinkRole::caller, "b", "2");
  CHECK(bench.call_reply(Done{}) == Texts{"publish k", "followed, waited 1"});
}

TEST_CASE("after an interruption the primary is searched again") {
  Bench bench{with_sentinels()};
  bring_up(bench);
  bench.session.on_interrupted(bench.now);
  bool has_asked = false;
  for (int wakes = 0; wakes < 6 && !has_asked; ++wakes) {
    const Texts wanted = bench.wake();
    has_asked = std::count(wanted.begin(), wanted.end(), "connect finder") == 1;
  }
  CHECK(has_asked);
}
