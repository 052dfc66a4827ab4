// A session whose publishes count once replicas have them (WAIT).
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "session_bench.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: every command and reply.
using namespace regstream::test;    // NOLINT
using regstream::Duration;
using regstream::EventId;

HistorySessionOptions with_replicas() {
  HistorySessionOptions options;
  options.replicas = {.count = 2, .timeout = Duration{1'000}};
  return options;
}

/// Its link for publishing is up.
void bring_up(Bench& bench) {
  CHECK(bench.wants() == Texts{"connect caller", "connect publisher"});
  bench.connect(LinkRole::publisher);
  CHECK(bench.wants() == Texts{"durability?", "load"});
  bench.reply(LinkRole::publisher, Durability{});
  CHECK(bench.reply(LinkRole::publisher, Done{}) == Texts{"followed, waited 0"});
}

Texts reply(Bench& bench, HistoryReply answer) {
  return bench.reply(LinkRole::publisher, std::move(answer));
}

}  // namespace

TEST_CASE("without WAIT there is no link for publishing alone") {
  Bench bench;
  CHECK(bench.wants() == Texts{"connect caller"});
}

TEST_CASE("WAIT follows what is sent together and then the answers count") {
  Bench bench{with_replicas()};
  bring_up(bench);
  bench.publish("a");
  bench.publish("b");
  CHECK(bench.wants() == Texts{"publish a b", "wait for 2"});
  CHECK(reply(bench, Published{{EventId{1'000, 1}, EventId{1'000, 2}}}).empty());
  CHECK(bench.ended.empty());
  bench.publish("c");
  CHECK(bench.wants() == Texts{"publish c, behind others", "wait for 2"});
  CHECK(reply(bench, ReplicasReached{2}) == Texts{"ended", "ended"});
  CHECK(bench.ended == Texts{"a 1000-1", "b 1000-2"});
  reply(bench, Published{{EventId{1'000, 3}}});
  reply(bench, ReplicasReached{3});
  CHECK(bench.ended.back() == "c 1000-3");
}

TEST_CASE("an update that too few replicas confirm is sent again under its key until they do") {
  Bench bench{with_replicas()};
  bring_up(bench);
  bench.publish("a");
  bench.wants();
  reply(bench, Published{{EventId{1'000, 1}}});
  const Texts given_up = reply(bench, ReplicasReached{1});
  REQUIRE(given_up.size() == 2);
  CHECK(given_up.front() == "give up publisher");
  CHECK_THAT(given_up.back(), Catch::Contains("refuses: only 1 of 2 replicas"));
  CHECK(bench.ended.empty());
  CHECK_THAT(bench.session.obstacles().publishing, Catch::Contains("too few"));
  CHECK(bench.wake() == Texts{"connect publisher"});
  bench.connect(LinkRole::publisher);
  bench.wants();
  reply(bench, Durability{});
  CHECK(reply(bench, Done{}) == Texts{"publish a", "wait for 2, 2000 ms", "followed, waited 1"});
  reply(bench, Published{{EventId{1'000, 1}}});
  CHECK(reply(bench, ReplicasReached{2}) == Texts{"accepts", "ended"});
  CHECK(bench.ended == Texts{"a 1000-1"});
}

TEST_CASE("WAIT takes longer after each time that was too short and stays with it") {
  Bench bench{with_replicas()};
  bring_up(bench);
  bench.publish("a");
  CHECK(bench.wants() == Texts{"publish a", "wait for 2"});
  for (const std::string longer : {"2000", "4000", "4000"}) {
    reply(bench, Published{{EventId{1'000, 1}}});
    reply(bench, ReplicasReached{0});
    bench.wake();
    bench.connect(LinkRole::publisher);
    bench.wants();
    reply(bench, Durability{});
    CHECK(reply(bench, Done{}).at(1) == "wait for 2, " + longer + " ms");
  }
  reply(bench, Published{{EventId{1'000, 1}}});
  reply(bench, ReplicasReached{2});
  bench.publish("b");
  CHECK(bench.wants() == Texts{"publish b", "wait for 2, 4000 ms"});
}

TEST_CASE("answers that wait for replicas are lost with their connection") {
  Bench bench{with_replicas()};
  bring_up(bench);
  bench.publish("a");
  bench.wants();
  reply(bench, Published{{EventId{1'000, 1}}});
  bench.lose(LinkRole::publisher);
  bench.wants();
  CHECK(bench.ended.empty());
  CHECK(bench.session.queue().waiting() == 1);
}

TEST_CASE("a refusal among what is sent together keeps its place") {
  Bench bench{with_replicas()};
  bring_up(bench);
  bench.publish("a");
  bench.publish("b");
  bench.publish("c");
  bench.wants();
  reply(bench, Published{{EventId{1'000, 1}, PublishError{"refused"}, EventId{1'000, 2}}});
  reply(bench, ReplicasReached{2});
  CHECK(bench.ended == Texts{"a 1000-1", "b failed", "c 1000-2"});
}

TEST_CASE("a server that can't wait for replicas is left") {
  Bench bench{with_replicas()};
  bring_up(bench);
  bench.publish("a");
  bench.wants();
  reply(bench, Published{{EventId{1'000, 1}}});
  CHECK(reply(bench, rejected()).front() == "give up publisher");
  CHECK(bench.ended.empty());
}

TEST_CASE("a gateway reads by its caller while its publishes wait for replicas") {
  Bench bench{with_replicas()};
  bring_up(bench);
  bench.session.follow();
  bench.publish("a");
  bench.wants();
  bench.connect(LinkRole::caller);
  CHECK(bench.wants() == Texts{"durability?", "load", "server?", "deployments?"});
  bench.call_reply(Durability{});
  CHECK(bench.call_reply(Done{}) == Texts{"probe"});
  bench.lose(LinkRole::publisher);
  CHECK(bench.session.due(LinkRole::caller) != nullptr);
}
