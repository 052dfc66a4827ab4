// A session driven by hand: what it wants after each input, in order. No Redis, no clock.
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/history/history_session.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: what is tested is all of it.
using regstream::Duration;
using regstream::EventId;
using regstream::Instant;
using Texts = std::vector<std::string>;

const PassingError out_of_memory{"OOM", "it has no memory left", false};
const PassingError replica{"READONLY", "it is a replica", true};

RedisFailure lost() {
  return {RedisFailureKind::lost, "lost redis"};
}
Refused refused(const PassingError& error) {
  return {{RedisFailureKind::passing, std::string{error.code}, &error}};
}
Refused rejected() {
  return {{RedisFailureKind::rejected, "no"}};
}
Refused script_unknown() {
  return {{RedisFailureKind::flushed, "flushed"}};
}

std::string name(LinkRole role) {
  return role == LinkRole::caller ? "caller" : role == LinkRole::listener ? "listener" : "waiter";
}

/// One word or two for each action, as the tests below list them.
struct Shown {
  std::string operator()(const Connect& connect) const { return "connect " + name(connect.link); }
  std::string operator()(const GiveUp& given_up) const { return "give up " + name(given_up.link); }
  std::string operator()(const Call& call) const { return std::visit(*this, call.command); }
  std::string operator()(const PauseChannel& pause) const {
    return pause.pauses ? "pause" : "resume";
  }
  std::string operator()(const BeginHistory& begin) const {
    return "begins " + to_string(begin.position);
  }
  std::string operator()(const TellMessage& told) const { return "tells " + to_string(told.id); }
  std::string operator()(const GoLive& /*live*/) const { return "live"; }
  std::string operator()(const CaughtUp& /*caught_up*/) const { return "caught up"; }
  std::string operator()(const PublishEnded& /*ended*/) const { return "ended"; }
  std::string operator()(const SessionFact& fact) const { return std::visit(*this, fact); }

  std::string operator()(const ScriptCall& call) const { return std::visit(*this, call.mode); }
  std::string operator()(const OpenHistory& /*open*/) const { return "open"; }
  std::string operator()(const ReadHistory& read) const {
    return "read " + (read.from ? to_string(*read.from) : "all");
  }
  std::string operator()(const PublishUpdate& publish) const {
    return "publish " + publish.key +
           (publish.key_before.empty() ? "" : " after " + publish.key_before);
  }
  std::string operator()(const ProbePublishing& /*probe*/) const { return "probe"; }
  std::string operator()(const Adopt& adopt) const {
    return "adopt " + std::to_string(adopt.offers.size());
  }
  std::string operator()(const TellLoss& /*loss*/) const { return "tell loss"; }
  std::string operator()(const LoadScript& /*load*/) const { return "load"; }
  std::string operator()(const AskDurability& /*ask*/) const { return "durability?"; }
  std::string operator()(const AskServer& /*ask*/) const { return "server?"; }
  std::string operator()(const AskDeployments& /*ask*/) const { return "deployments?"; }
  std::string operator()(const SubscribeChannels& /*subscribe*/) const { return "subscribe"; }
  std::string operator()(const AwaitHistory& await) const {
    return "await " + to_string(await.after);
  }

  std::string operator()(const RedisFailed& fact) const { return "failed: " + fact.failure.what; }
  std::string operator()(const RedisRefuses& fact) const { return "refuses: " + fact.failure.what; }
  std::string operator()(const RedisTakes& /*fact*/) const { return "takes"; }
  std::string operator()(const RedisFollowed& fact) const {
    return "followed, waited " + std::to_string(fact.waited);
  }
  std::string operator()(const NotAwaited& /*fact*/) const { return "not awaited"; }
  std::string operator()(const AwaitedAgain& /*fact*/) const { return "awaited"; }
  std::string operator()(const PublishRejected& fact) const { return "rejected: " + fact.what; }
  std::string operator()(const PublishesUnknown& fact) const {
    return "unknown " + std::to_string(fact.count);
  }
  std::string operator()(const MessageRefused& /*fact*/) const { return "no message"; }
  std::string operator()(const MessageForged& /*fact*/) const { return "forged"; }
  std::string operator()(const ChannelOverflowed& /*fact*/) const { return "overflowed"; }
};

/// A session, its time, and what became of its publishes.
class Bench {
 public:
  explicit Bench(HistorySessionOptions options = {}) : session(with_key(std::move(options))) {}

  /// What the session wants now.
  Texts wants() {
    Texts wanted;
    while (auto action = session.poll(now)) {
      wanted.push_back(std::visit(Shown{}, *action));
      if (const auto* const over = std::get_if<PublishEnded>(&*action)) {
        over->done(over->result);
      }
    }
    return wanted;
  }
  void connect(LinkRole role) { session.on_connected(role, now); }
  void lose(LinkRole role, const RedisFailure& failure = lost()) {
    session.on_lost(role, failure, now);
  }
  Texts reply(LinkRole role, HistoryReply answer) {
    session.on_reply(role, std::move(answer), now);
    return wants();
  }
  Texts call_reply(HistoryReply answer) { return reply(LinkRole::caller, std::move(answer)); }
  void publish(const std::string& key, Patience patience = Patience::waits) {
    session.publish(
        "{}", key,
        [this, key](const PublishResult& result) {
          const auto* const id = std::get_if<EventId>(&result);
          ended.push_back(key + ' ' + (id != nullptr ? to_string(*id) : "failed"));
        },
        patience);
  }
  /// At its next deadline, which there must be.
  Texts wake() {
    now = std::max(now, session.next_deadline().value());
    session.handle_deadline(now);
    return wants();
  }

  /// A publisher's caller is connected, and has loaded the script.
  void bring_up_caller() {
    wants();
    connect(LinkRole::caller);
    wants();
    call_reply(Durability{});
    call_reply(Done{});
  }
  /// The same of a gateway that follows an empty history, with all three links.
  void bring_up_gateway(EventId end = {1'000, 0}) {
    session.follow();
    wants();
    connect(LinkRole::caller);
    wants();
    call_reply(Durability{});
    call_reply(Done{});
    for (int answers = 0; answers < 3 + 2; ++answers) {
      call_reply(Done{});  // Of the server and the deployments.
    }
    call_reply(Done{});  // The first probe.
    connect(LinkRole::waiter);
    wants();
    connect(LinkRole::listener);
    wants();
    reply(LinkRole::listener, end);
    reply(LinkRole::listener, Done{});
    reply(LinkRole::listener, Done{});
    for (int pages = 0; pages < 4 && asked(LinkRole::caller) == Question::page; ++pages) {
      call_reply(HistoryPage{.end = end, .is_last = true, .entries = {}});
    }
    REQUIRE(session.is_connected());
    REQUIRE(wants().empty());
  }
  std::optional<Question> asked(LinkRole role) {
    const Link::Due* const due = session.due(role);
    return due == nullptr ? std::nullopt : std::optional{due->question};
  }

  HistorySession session;
  Instant now{Duration{1'000'000}};
  Texts ended;

 private:
  static HistorySessionOptions with_key(HistorySessionOptions options) {
    options.own_key = "own";
    return options;
  }
};

}  // namespace

TEST_CASE("a publisher's session connects one link, asks for durability, and loads the script") {
  Bench bench;
  CHECK(bench.wants() == Texts{"connect caller"});
  CHECK(bench.wants().empty());
  bench.publish("a");
  CHECK(bench.wants().empty());  // It waits for the connection.
  bench.connect(LinkRole::caller);
  CHECK(bench.wants() == Texts{"durability?", "load"});
  CHECK(bench.call_reply(Durability{true}).empty());
  CHECK(bench.call_reply(Done{}) == Texts{"publish a", "followed, waited 1"});
  CHECK(bench.call_reply(EventId{1'000, 1}) == Texts{"ended"});
  CHECK(bench.ended == Texts{"a 1000-1"});
  CHECK(bench.session.obstacles().publishing.empty());
}

TEST_CASE("calls of the script carry the durability, what is known, and name the script") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("");
  const auto first = bench.session.poll(bench.now);
  const auto& call = std::get<ScriptCall>(std::get<Call>(first.value()).command);
  CHECK(call.is_durable == false);
  CHECK(call.names_script);
  CHECK(call.known == EventId{});
  CHECK(std::get<PublishUpdate>(call.mode).key == "own-1");
  bench.call_reply(EventId{1'000, 7});
  bench.publish("b");
  const auto second = bench.session.poll(bench.now);
  CHECK(std::get<ScriptCall>(std::get<Call>(second.value()).command).known == EventId{1'000, 7});
}

TEST_CASE("a gateway's session opens three links, and follows the history") {
  Bench bench;
  bench.session.follow();
  CHECK(bench.wants() == Texts{"connect caller", "connect listener", "connect waiter"});
  bench.connect(LinkRole::caller);
  CHECK(bench.wants() == Texts{"durability?", "load", "server?", "deployments?"});
  CHECK(bench.call_reply(Durability{}).empty());
  CHECK(bench.call_reply(Done{}) == Texts{"probe"});
  bench.connect(LinkRole::listener);
  CHECK(bench.wants() == Texts{"open"});
  CHECK(bench.reply(LinkRole::listener, EventId{1'000, 1}) == Texts{"subscribe"});
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
        Texts{"begins 1000-0", "tells 1000-1", "live", "read 1000-1", "followed, waited 0"});
  CHECK(bench.call_reply(page) == Texts{"await 1000-1"});
  const AwaitedEntries next{{{{1'000, 2}, R"({"id":"1000-2"})", std::nullopt}}};
  CHECK(bench.reply(LinkRole::waiter, next) == Texts{"tells 1000-2", "await 1000-2"});
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

TEST_CASE("a reply of another kind than its question has ends the connection") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("a");
  CHECK(bench.wants() == Texts{"publish a"});
  CHECK(bench.call_reply(CursorTooOld{}) ==
        Texts{"give up caller", "failed: redis gave another answer than it was asked for"});
  CHECK(bench.ended.empty());
}

TEST_CASE("publishes in flight when a link is lost are sent again in order, before others") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("a");
  bench.publish("b");
  CHECK(bench.wants() == Texts{"publish a", "publish b after a"});
  bench.lose(LinkRole::caller);
  CHECK(bench.wants() == Texts{"failed: lost redis"});
  bench.publish("c");
  CHECK(bench.wants().empty());
  CHECK(bench.session.due(LinkRole::caller) == nullptr);
  CHECK(bench.call_reply(EventId{1'000, 1}).empty());  // Of the connection that is no more.
  CHECK(bench.wake() == Texts{"connect caller"});
  bench.connect(LinkRole::caller);
  CHECK(bench.wants() == Texts{"durability?", "load"});
  bench.call_reply(Durability{});
  CHECK(bench.call_reply(Done{}) ==
        Texts{"publish a", "publish b after a", "publish c after b", "followed, waited 3"});
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    CHECK(bench.call_reply(EventId{1'000, sequence}) == Texts{"ended"});
  }
  CHECK(bench.ended == Texts{"a 1000-1", "b 1000-2", "c 1000-3"});
}

TEST_CASE("a publish whose outcome is not known, and whose key is gone, ends as unknown") {
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

TEST_CASE("a script that is unknown amid publishes makes all be sent again, on a new connection") {
  Bench bench;
  bench.bring_up_caller();
  for (const char* const key : {"a", "b", "c"}) {
    bench.publish(key);
  }
  bench.wants();
  CHECK(bench.call_reply(EventId{1'000, 1}) == Texts{"ended"});
  CHECK(bench.call_reply(script_unknown()) == Texts{"give up caller", "failed: flushed"});
  CHECK(bench.wake() == Texts{"connect caller"});
  bench.connect(LinkRole::caller);
  bench.wants();
  bench.call_reply(Durability{});
  CHECK(bench.call_reply(Done{}) == Texts{"publish b", "publish c after b", "followed, waited 2"});
}

TEST_CASE(
    "an update that is refused holds back those behind it, until a try shows that it is over") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("a");
  bench.publish("b");
  bench.wants();
  CHECK(bench.call_reply(refused(out_of_memory)) == Texts{"refuses: OOM"});
  CHECK(bench.session.obstacles().publishing ==
        "redis takes no updates for now: it has no memory left (OOM)");
  CHECK(bench.call_reply(OutOfOrder{}).empty());
  CHECK(bench.wake() == Texts{"publish a"});  // One alone finds out.
  CHECK(bench.call_reply(refused(out_of_memory)) == Texts{"refuses: OOM"});
  bench.publish("c", Patience::refuses);
  CHECK(bench.wants() == Texts{"ended"});
  CHECK(bench.ended == Texts{"c failed"});
  CHECK(bench.wake() == Texts{"publish a"});
  CHECK(bench.call_reply(EventId{1'000, 1}) == Texts{"takes", "publish b", "ended"});
  CHECK(bench.call_reply(EventId{1'000, 2}) == Texts{"ended"});
  CHECK(bench.session.obstacles().publishing.empty());
}

TEST_CASE("an update that is refused for good ends, and the next one goes on") {
  Bench bench;
  bench.bring_up_caller();
  bench.publish("a");
  bench.publish("b");
  bench.wants();
  CHECK(bench.call_reply(rejected()) == Texts{"rejected: no", "ended"});
  CHECK(bench.call_reply(OutOfOrder{}) == Texts{"publish b"});
  CHECK(bench.call_reply(EventId{1'000, 1}) == Texts{"ended"});
  CHECK(bench.ended == Texts{"a failed", "b 1000-1"});
}

TEST_CASE("what no subscriber could take in is refused at once") {
  HistorySessionOptions options;
  options.publishes.message_bytes_max = 1;
  Bench bench{options};
  bench.wants();
  bench.publish("a");
  bench.publish("b", Patience::refuses);  // Whoever does not wait has the answer.
  const auto wanted = bench.wants();
  REQUIRE(wanted.size() == 3);
  CHECK(wanted[0].find("rejected: the update has 2 bytes") == 0);
  CHECK(bench.ended == Texts{"a failed", "b failed"});
}

TEST_CASE("a replica's connection is given up once all is answered, and said once") {
  Bench bench;
  bench.bring_up_gateway();
  bench.publish("a");
  bench.publish("b");
  CHECK(bench.wants() == Texts{"publish a", "publish b after a"});
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
  CHECK(up.front() == "publish a");
  for (int answers = 0; answers < 5; ++answers) {
    bench.call_reply(Done{});
  }
  // It takes writes: what is heard and waited for comes from there as well.
  const auto taken = bench.call_reply(EventId{1'000, 1});
  CHECK(taken == Texts{"takes", "give up listener", "give up waiter", "not awaited", "publish b",
                       "publish c after b", "server?", "ended"});
}

TEST_CASE("a read that is refused is asked again after a pause, and readiness says why") {
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
        Texts{"takes", "caught up", "followed, waited 0"});
  CHECK(bench.session.obstacles().reading.empty());
}

TEST_CASE("an adoption that is refused is offered again, once a probe was taken") {
  Bench bench;
  bench.bring_up_gateway();
  bench.session.on_message(R"({"registrationId":1,"status":"PENDING","message":"bare"})");
  CHECK(bench.wants() == Texts{"adopt 1"});
  CHECK(bench.call_reply(refused(out_of_memory)) == Texts{"refuses: OOM"});
  CHECK(bench.wake() == Texts{"probe"});
  CHECK(bench.call_reply(Done{}) == Texts{"takes"});
  CHECK(bench.wake() == Texts{"adopt 1"});
  CHECK(bench.call_reply(EventId{1'000, 1}).empty());
}

TEST_CASE("a message that is none, and one with another's id, are said") {
  Bench bench;
  bench.bring_up_gateway();
  bench.session.on_message("{");
  CHECK(bench.wants() == Texts{"no message"});
  CHECK(bench.wants().empty());
}

TEST_CASE("a channel that ends before all was heard is a loss, and told as such") {
  Bench bench;
  bench.bring_up_gateway();
  bench.session.on_channel_behind();
  bench.lose(LinkRole::listener);
  CHECK(bench.wants() == Texts{"failed: lost redis", "tell loss", "overflowed"});
  CHECK(bench.call_reply(EventId{1'000, 1}) == Texts{"read 1000-0"});
}

TEST_CASE("the channel is paused while it brings more than can be held, and read again") {
  HistorySessionOptions options;
  options.follower.adoption.waiting_max = 1;
  Bench bench{options};
  bench.bring_up_gateway();
  bench.session.on_message(R"({"registrationId":1,"status":"PENDING","message":"bare"})");
  CHECK(bench.wants() == Texts{"adopt 1", "pause"});
  CHECK(bench.call_reply(EventId{1'000, 1}) == Texts{"resume"});
}

TEST_CASE("the listener asks a redis that refuses for now again, on the same connection") {
  Bench bench;
  bench.session.follow();
  bench.wants();
  bench.connect(LinkRole::listener);
  CHECK(bench.wants() == Texts{"open"});
  CHECK(bench.reply(LinkRole::listener, refused(out_of_memory)) == Texts{"failed: OOM"});
  CHECK(bench.wake() == Texts{"open"});
  SECTION("until it is answered") {
    CHECK(bench.reply(LinkRole::listener, EventId{1'000, 0}) == Texts{"subscribe"});
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

TEST_CASE("a waiter that may not wait is said once to be so, and history is read instead") {
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

TEST_CASE("links wait longer each time, and not after they were stable") {
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

TEST_CASE("whether publishes are taken is found out every five seconds, and the server is asked") {
  Bench bench;
  bench.bring_up_gateway();
  CHECK(bench.wake() == Texts{"durability?", "probe"});
  CHECK(bench.now == Instant{Duration{1'005'000}});
  CHECK(bench.call_reply(Durability{}).empty());
  CHECK(bench.call_reply(rejected()) == Texts{"refuses: no"});
  CHECK(bench.session.obstacles().publishing ==
        "redis refuses what it is asked: the log says what");
  std::size_t asked = 0;
  while (bench.now < Instant{Duration{1'019'999}}) {
    for (const std::string& wanted : bench.wake()) {
      CHECK(wanted != "server?");
      asked += wanted == "deployments?" ? 1U : 0U;
    }
    while (const auto question = bench.asked(LinkRole::caller)) {
      bench.call_reply(*question == Question::durability ? HistoryReply{Durability{}}
                                                         : HistoryReply{Done{}});
    }
  }
  CHECK(asked == 1);  // After twenty seconds.
}

TEST_CASE("a server whose durability changes is told so by a read") {
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
        // Everything is answered as soon as it is asked, until there is nothing to do.
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
                    : *question == Question::open ? HistoryReply{EventId{9, 0}}
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
