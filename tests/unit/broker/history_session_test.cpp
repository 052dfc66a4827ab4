// How a session keeps its three links, and follows the history.
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

TEST_CASE("calls of the script carry the durability and the known id and name the script") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("");
  const auto first = bench.session.poll(bench.now);
  const auto& call = std::get<ScriptCall>(std::get<Call>(first.value()).command);
  CHECK(call.is_durable == false);
  CHECK(call.names_script);
  CHECK(call.known == EventId{});
  const auto& batch = std::get<PublishBatch>(call.mode);
  CHECK(batch.publisher == "own");
  CHECK(batch.first == 1);
  CHECK(batch.updates.at(0).key.empty());
  bench.accept({1'000, 7});
  bench.publish("b");
  const auto second = bench.session.poll(bench.now);
  const auto& next = std::get<ScriptCall>(std::get<Call>(second.value()).command);
  CHECK(next.known == EventId{1'000, 7});
  CHECK(std::get<PublishBatch>(next.mode).first == 2);
}

TEST_CASE("a gateway's session opens three links and follows the history") {
  Bench bench;
  bench.session.follow();
  CHECK(bench.wants() == Texts{"connect caller", "connect listener", "connect waiter"});
  bench.connect(LinkRole::caller);
  CHECK(bench.wants() == Texts{"durability?", "load", "server?", "deployments?"});
  CHECK(bench.call_reply(Durability{}).empty());
  CHECK(bench.call_reply(Done{}) == Texts{"probe"});
  bench.connect(LinkRole::listener);
  CHECK(bench.wants() == Texts{"open"});
  CHECK(bench.reply(LinkRole::listener, HistoryOpened{{1'000, 1}, {}}) == Texts{"subscribe"});
  CHECK(bench.reply(LinkRole::listener, Done{}).empty());
  CHECK(bench.reply(LinkRole::listener, Done{}) == Texts{"read all"});
  bench.connect(LinkRole::waiter);
  CHECK(bench.wants().empty());
  for (int answers = 0; answers < 6; ++answers) {
    CHECK(bench.call_reply(Done{}).empty());  // Server, deployments and probe.
  }
  const HistoryPage page{.end = {1'000, 1},
                         .is_last = true,
                         .entries = {{{1'000, 1}, R"({"id":"1000-1"})", std::nullopt}}};
  CHECK(bench.call_reply(page) ==
        Texts{"begins 1000-0", "delivers 1000-1", "live", "read 1000-1", "followed, waited 0"});
  CHECK(bench.call_reply(page) == Texts{"await 1000-1"});
  const AwaitedEntries next{{{{1'000, 2}, R"({"id":"1000-2"})", std::nullopt}}};
  CHECK(bench.reply(LinkRole::waiter, next) == Texts{"delivers 1000-2", "await 1000-2"});
}

TEST_CASE("a reply to nothing is ignored") {
  Bench bench;
  bench.bring_up_caller();
  CHECK(bench.call_reply(EventId{1'000, 1}).empty());
  CHECK(bench.reply(LinkRole::listener, Done{}).empty());
  CHECK(bench.reply(LinkRole::waiter, AwaitedEntries{}).empty());
  bench.lose(LinkRole::waiter);
  bench.lose(LinkRole::listener);
  bench.connect(LinkRole::listener);
  CHECK(bench.wants().empty());
}

TEST_CASE("a reply of the wrong type ends the connection") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("a");
  CHECK(bench.wants() == Texts{"publish a"});
  // A reply to another question, or to none: Redis may nevertheless have the publish.
  const HistoryReply reply =
      GENERATE(HistoryReply{CursorTooOld{}}, HistoryReply{EventId{1'000, 1}},
               HistoryReply{Published{{EventId{1'000, 1}, EventId{1'000, 2}}}},
               HistoryReply{Published{}}, HistoryReply{Refused{mistyped_failure()}});
  CHECK(bench.call_reply(reply) ==
        Texts{"give up caller", "failed: redis gave an unexpected answer"});
  CHECK(bench.ended.empty());
  CHECK(bench.session.queue().waiting() == 1);  // It is sent again, unchanged.
}

TEST_CASE("a replica's connection is given up after all answers and reported once") {
  Bench bench;
  bench.bring_up_gateway();
  bench.publish("a");
  CHECK(bench.wants() == Texts{"publish a"});
  bench.publish("b");
  CHECK(bench.wants() == Texts{"publish b, behind others"});
  CHECK(bench.call_reply(refused(replica)) == Texts{"refuses: READONLY"});
  bench.publish("c");
  bench.session.catch_up();
  CHECK(bench.wants().empty());  // Nothing more is asked of it.
  CHECK(bench.call_reply(OutOfOrder{}) == Texts{"give up caller"});
  CHECK(bench.wake() == Texts{"connect caller"});
  bench.connect(LinkRole::caller);
  CHECK(bench.wants() == Texts{"durability?", "load", "server?", "deployments?"});
  bench.call_reply(Durability{});
  const auto up = bench.call_reply(Done{});
  CHECK(up.front() == "publish a b c");
  for (int answers = 0; answers < 5; ++answers) {
    bench.call_reply(Done{});
  }
  // It accepts writes: messages and entries must come from there as well.
  const auto taken = bench.accept({1'000, 1}, 3);
  CHECK(taken == Texts{"accepts", "give up listener", "give up waiter", "not awaited", "server?",
                       "ended", "ended", "ended"});
}

TEST_CASE("a read that is refused is asked again after a pause and readiness says why") {
  Bench bench;
  bench.bring_up_gateway();
  bench.session.catch_up();
  CHECK(bench.wants() == Texts{"read 1000-0"});
  CHECK(bench.call_reply(refused(out_of_memory)) == Texts{"refuses: OOM"});
  CHECK_FALSE(bench.session.is_connected());
  CHECK(bench.session.obstacles().reading ==
        "redis takes no updates for now: it has no memory left (OOM)");
  CHECK(bench.session.obstacles().publishing.empty());
  CHECK(bench.wants().empty());
  CHECK(bench.wake() == Texts{"read 1000-0"});
  CHECK(bench.call_reply(HistoryPage{.end = {1'000, 0}, .is_last = true, .entries = {}}) ==
        Texts{"accepts", "caught up", "followed, waited 0"});
  CHECK(bench.session.obstacles().reading.empty());
}

TEST_CASE("a refused adoption is offered again once a probe is accepted") {
  Bench bench;
  bench.bring_up_gateway();
  bench.session.on_message(R"({"registrationId":1,"status":"PENDING","message":"bare"})");
  CHECK(bench.wants() == Texts{"adopt 1"});
  CHECK(bench.call_reply(refused(out_of_memory)) == Texts{"refuses: OOM"});
  CHECK(bench.wake() == Texts{"probe"});
  CHECK(bench.call_reply(Done{}) == Texts{"accepts"});
  CHECK(bench.wake() == Texts{"adopt 1"});
  CHECK(bench.call_reply(EventId{1'000, 1}).empty());
}

TEST_CASE("a malformed message and a forged one are reported") {
  Bench bench;
  bench.bring_up_gateway();
  bench.session.on_message("{");
  CHECK(bench.wants() == Texts{"no message"});
  CHECK(bench.wants().empty());
}

TEST_CASE("a channel that ends before it was read to its end is recorded as a loss") {
  Bench bench;
  bench.bring_up_gateway();
  bench.session.on_channel_behind();
  bench.lose(LinkRole::listener);
  CHECK(bench.wants() == Texts{"failed: lost redis", "record loss", "overflowed"});
  CHECK(bench.call_reply(EventId{1'000, 1}) == Texts{"read 1000-0"});
}

TEST_CASE("the channel is paused while it brings more than can be held and read again") {
  HistorySessionOptions options;
  options.follower.adoption.waiting_max = 1;
  Bench bench{options};
  bench.bring_up_gateway();
  bench.session.on_message(R"({"registrationId":1,"status":"PENDING","message":"bare"})");
  CHECK(bench.wants() == Texts{"adopt 1", "pause"});
  CHECK(bench.call_reply(EventId{1'000, 1}) == Texts{"resume"});
}

TEST_CASE("the listener asks a redis that refuses for now again on the same connection") {
  Bench bench;
  bench.session.follow();
  bench.wants();
  bench.connect(LinkRole::listener);
  CHECK(bench.wants() == Texts{"open"});
  CHECK(bench.reply(LinkRole::listener, refused(out_of_memory)) == Texts{"failed: OOM"});
  CHECK(bench.wake() == Texts{"open"});
  SECTION("until it is answered") {
    CHECK(bench.reply(LinkRole::listener, HistoryOpened{{1'000, 0}, {}}) == Texts{"subscribe"});
    SECTION("and a refused subscription ends it") {
      CHECK(bench.reply(LinkRole::listener, rejected()) == Texts{"give up listener", "failed: no"});
    }
  }
  SECTION("unless it is a replica") {
    CHECK(bench.reply(LinkRole::listener, refused(replica)) ==
          Texts{"give up listener", "failed: READONLY"});
  }
  SECTION("or the connection is lost meanwhile") {
    bench.lose(LinkRole::listener);
    CHECK(bench.wants() == Texts{"failed: lost redis"});
    CHECK(bench.wake() == Texts{"connect listener"});
    bench.connect(LinkRole::listener);
    CHECK(bench.wants() == Texts{"open"});
  }
}

TEST_CASE("a waiter without permission is reported once and the history is read instead") {
  Bench bench;
  bench.bring_up_gateway();
  CHECK(bench.asked(LinkRole::waiter) == Question::entries);
  CHECK(bench.reply(LinkRole::waiter, rejected()) == Texts{"give up waiter", "not awaited"});
  CHECK(bench.wake() == Texts{"connect waiter"});
  bench.connect(LinkRole::waiter);
  CHECK(bench.wants() == Texts{"read 1000-0"});
  CHECK(bench.call_reply(HistoryPage{.end = {1'000, 0}, .is_last = true, .entries = {}}) ==
        Texts{"await 1000-0"});
  CHECK(bench.reply(LinkRole::waiter, AwaitedEntries{}) == Texts{"awaited", "await 1000-0"});
  CHECK(bench.reply(LinkRole::waiter, AwaitedEntries{}) == Texts{"await 1000-0"});
}

TEST_CASE("links wait longer each time until they have been stable") {
  Bench bench;
  bench.wants();
  Duration longest{};
  for (int attempt = 0; attempt < 20; ++attempt) {
    bench.lose(LinkRole::caller);
    bench.wants();
    const Duration wait = bench.session.next_deadline().value() - bench.now;
    CHECK(wait <= Duration{5'000});
    longest = std::max(longest, wait);
    CHECK(bench.wake() == Texts{"connect caller"});
  }
  CHECK(longest > Duration{2'000});
  bench.connect(LinkRole::caller);
  bench.wants();
  bench.now += Duration{10'000};
  bench.lose(LinkRole::caller);
  bench.wants();
  CHECK(bench.session.next_deadline().value() - bench.now <= Duration{250});
}

TEST_CASE("a gateway probes publishing every five seconds and asks the server about itself") {
  Bench bench;
  bench.bring_up_gateway();
  CHECK(bench.wake() == Texts{"durability?", "probe"});
  CHECK(bench.now == Instant{Duration{1'005'000}});
  CHECK(bench.call_reply(Durability{}).empty());
  CHECK(bench.call_reply(rejected()) == Texts{"refuses: no"});
  CHECK(bench.session.obstacles().publishing == "redis refuses a command: the log says which");
  std::size_t servers_asked = 0;
  std::size_t deployments_asked = 0;
  while (bench.now < Instant{Duration{1'019'999}}) {
    for (const std::string& wanted : bench.wake()) {
      servers_asked += wanted == "server?" ? 1U : 0U;
      deployments_asked += wanted == "deployments?" ? 1U : 0U;
    }
    while (const auto question = bench.asked(LinkRole::caller)) {
      bench.call_reply(*question == Question::durability ? HistoryReply{Durability{}}
                                                         : HistoryReply{Done{}});
    }
  }
  // After twenty seconds.
  CHECK(servers_asked == 1);
  CHECK(deployments_asked == 1);
}

TEST_CASE("a change of the server's durability triggers a read") {
  Bench bench;
  bench.bring_up_gateway();
  CHECK(bench.wake() == Texts{"durability?", "probe"});
  CHECK(bench.call_reply(Durability{true}) == Texts{"read 1000-0"});
  SECTION("and a server that does not say is not asked again") {
    bench.call_reply(Done{});
    bench.call_reply(HistoryPage{.end = {1'000, 0}, .is_last = true, .entries = {}});
    CHECK(bench.wake() == Texts{"durability?", "probe"});
    bench.call_reply(rejected());
    bench.call_reply(Done{});
    bench.call_reply(HistoryPage{.end = {1'000, 0}, .is_last = true, .entries = {}});
    CHECK(bench.wake() == Texts{"probe"});
  }
}

TEST_CASE("links that come and go in any order end in a history that is followed") {
  const std::vector<LinkRole> roles{LinkRole::caller, LinkRole::listener, LinkRole::waiter};
  for (std::size_t first = 0; first < 3; ++first) {
    for (std::size_t second = 0; second < 3; ++second) {
      for (int before = 0; before < 6; ++before) {
        CAPTURE(first, second, before);
        Bench bench;
        bench.session.follow();
        // Answers everything at once, until there is nothing left to do.
        const auto settle = [&bench](int steps) {
          for (int step = 0; step < steps; ++step) {
            for (const std::string& wanted : bench.wants()) {
              if (wanted == "connect caller") {
                bench.connect(LinkRole::caller);
              } else if (wanted == "connect listener") {
                bench.connect(LinkRole::listener);
              } else if (wanted == "connect waiter") {
                bench.connect(LinkRole::waiter);
              }
            }
            for (const LinkRole role : {LinkRole::caller, LinkRole::listener}) {
              if (const auto question = bench.asked(role)) {
                bench.session.on_reply(
                    role,
                    *question == Question::page
                        ? HistoryReply{HistoryPage{.end = {9, 0}, .is_last = true, .entries = {}}}
                    : *question == Question::open ? HistoryReply{HistoryOpened{{9, 0}, {}}}
                                                  : HistoryReply{Done{}},
                    bench.now);
              }
            }
          }
        };
        settle(before);
        bench.lose(roles[first]);
        settle(1);
        bench.lose(roles[second]);
        for (int wakes = 0; wakes < 6; ++wakes) {
          settle(12);
          if (const auto deadline = bench.session.next_deadline()) {
            bench.now = std::max(bench.now, *deadline);
            bench.session.handle_deadline(bench.now);
          }
        }
        CHECK(bench.session.is_connected());
        CHECK(bench.asked(LinkRole::waiter) == Question::entries);
        CHECK(bench.session.obstacles().reading.empty());
      }
    }
  }
}
