// What a session does with publishes.
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "session_bench.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: every command and reply.
using namespace regstream::test;    // NOLINT
using regstream::Duration;
using regstream::EventId;
using regstream::Instant;

}  // namespace

TEST_CASE("a publisher's session connects one link and asks for durability and loads the script") {
  Bench bench;
  CHECK(bench.wants() == Texts{"connect caller"});
  CHECK(bench.wants().empty());
  bench.publish("a");
  CHECK(bench.wants().empty());  // It waits for the connection.
  bench.connect(LinkRole::caller);
  CHECK(bench.wants() == Texts{"durability?", "load"});
  CHECK(bench.call_reply(Durability{true}).empty());
  CHECK(bench.call_reply(Done{}) == Texts{"publish a", "followed, waited 1"});
  CHECK(bench.accept({1'000, 1}) == Texts{"ended"});
  CHECK(bench.ended == Texts{"a 1000-1"});
  CHECK(bench.session.obstacles().publishing.empty());
}

TEST_CASE("batches in flight when a link is lost are sent again unchanged before others") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("a");
  CHECK(bench.wants() == Texts{"publish a"});
  bench.publish("b");
  bench.publish("c");
  CHECK(bench.wants() == Texts{"publish b c, behind others"});
  bench.lose(LinkRole::caller);
  CHECK(bench.wants() == Texts{"failed: lost redis"});
  bench.publish("d");
  CHECK(bench.wants().empty());
  CHECK(bench.session.due(LinkRole::caller) == nullptr);
  CHECK(bench.accept({1'000, 1}).empty());  // A late reply of the lost connection.
  CHECK(bench.wake() == Texts{"connect caller"});
  bench.connect(LinkRole::caller);
  CHECK(bench.wants() == Texts{"durability?", "load"});
  bench.call_reply(Durability{});
  CHECK(bench.call_reply(Done{}) == Texts{"publish a", "publish b c, behind others",
                                          "publish d, behind others", "followed, waited 4"});
  CHECK(bench.accept({1'000, 1}) == Texts{"ended"});
  CHECK(bench.accept({1'000, 2}, 2) == Texts{"ended", "ended"});
  CHECK(bench.accept({1'000, 4}) == Texts{"ended"});
  CHECK(bench.ended == Texts{"a 1000-1", "b 1000-2", "c 1000-3", "d 1000-4"});
}

TEST_CASE("a publish without an answer ends as unknown once Redis has forgotten its batch") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("a");
  bench.wants();
  bench.lose(LinkRole::caller);
  bench.wants();
  bench.now += Duration{600'001};
  CHECK(bench.wants() == Texts{"connect caller"});
  bench.lose(LinkRole::caller);
  CHECK(bench.wants() == Texts{"failed: lost redis", "ended", "unknown 1"});
  CHECK(bench.ended == Texts{"a failed"});
}

TEST_CASE("if Redis forgets the script amid publishes all are sent again on a new connection") {
  Bench bench;
  bench.bring_up_caller();
  for (const char* const key : {"a", "b", "c"}) {
    bench.publish(key);
    bench.wants();
  }
  CHECK(bench.accept({1'000, 1}) == Texts{"ended"});
  CHECK(bench.call_reply(script_unknown()) == Texts{"give up caller", "failed: flushed"});
  CHECK(bench.wake() == Texts{"connect caller"});
  bench.connect(LinkRole::caller);
  bench.wants();
  bench.call_reply(Durability{});
  CHECK(bench.call_reply(Done{}) ==
        Texts{"publish b", "publish c, behind others", "followed, waited 2"});
}

TEST_CASE("a refused batch holds back those behind it until a retry is accepted") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("a");
  bench.wants();
  bench.publish("b");
  bench.wants();
  CHECK(bench.call_reply(refused(out_of_memory)) == Texts{"refuses: OOM"});
  CHECK(bench.session.obstacles().publishing ==
        "redis takes no updates for now: it has no memory left (OOM)");
  CHECK(bench.call_reply(OutOfOrder{}).empty());
  CHECK(bench.wake() == Texts{"publish a b"});
  CHECK(bench.call_reply(refused(out_of_memory)) == Texts{"refuses: OOM"});
  bench.publish("c", Patience::refuses);
  CHECK(bench.wants() == Texts{"ended"});
  CHECK(bench.ended == Texts{"c failed"});
  CHECK(bench.wake() == Texts{"publish a b"});
  CHECK(bench.accept({1'000, 1}, 2) == Texts{"accepts", "ended", "ended"});
  CHECK(bench.session.obstacles().publishing.empty());
}

TEST_CASE("a batch that is refused for good ends and the next one goes on") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("a");
  bench.publish("b");
  bench.wants();
  bench.publish("c");
  bench.wants();
  CHECK(bench.call_reply(rejected()) == Texts{"rejected: no", "ended", "ended"});
  CHECK(bench.call_reply(OutOfOrder{}) == Texts{"publish c"});
  CHECK(bench.accept({1'000, 1}) == Texts{"ended"});
  CHECK(bench.ended == Texts{"a failed", "b failed", "c 1000-1"});
}

TEST_CASE("an update that is refused by itself ends alone") {
  Bench bench;
  bench.bring_up_caller();
  for (const char* const key : {"a", "b", "c"}) {
    bench.publish(key);
  }
  bench.wants();
  CHECK(bench.call_reply(Published{{EventId{1'000, 1}, PublishError{"no"}, EventId{1'000, 2}}}) ==
        Texts{"rejected: no", "ended", "ended", "ended"});
  CHECK(bench.ended == Texts{"a 1000-1", "b failed", "c 1000-2"});
}

TEST_CASE("an update that no subscriber would accept is refused at once") {
  HistorySessionOptions options;
  options.publishes.message_bytes_max = 1;
  Bench bench{options};
  bench.wants();
  bench.publish("a");
  bench.publish("b", Patience::refuses);  // A publish that does not wait gets the answer itself.
  const auto wanted = bench.wants();
  REQUIRE(wanted.size() == 3);
  CHECK(wanted[0].find("rejected: the update has 2 bytes") == 0);
  CHECK(bench.ended == Texts{"a failed", "b failed"});
}
