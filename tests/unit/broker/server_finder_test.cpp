// Whom the finder asks, in which order, and what it believes.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/topology/address.hpp"
#include "broker/topology/hash_slot.hpp"
#include "broker/topology/server_finder.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: every reply.
using regstream::Duration;
using regstream::Instant;
using Texts = std::vector<std::string>;
using Catch::Matchers::Contains;

RedisAddress at(std::uint16_t port) {
  return {.host = "10.0.0.1", .port = port};
}

FinderOptions sentinels(std::size_t count) {
  FinderOptions options;
  options.topology = Topology::sentinel;
  options.primary_name = "mymaster";
  for (std::size_t index = 1; index <= count; ++index) {
    options.asked.push_back(at(static_cast<std::uint16_t>(index)));
  }
  return options;
}

/// A finder with its time and its actions.
class FinderBench {
 public:
  explicit FinderBench(FinderOptions options) : finder(std::move(options), RedisTiming{}, 1) {
    finder.open();
  }

  Texts wants() {
    Texts wanted;
    while (const auto action = finder.poll(now)) {
      if (const auto* const connect = std::get_if<Connect>(&*action)) {
        wanted.push_back("connect " + std::to_string(connect->address.port));
      } else {
        wanted.emplace_back(std::holds_alternative<GiveUp>(*action) ? "leave" : "ask");
      }
    }
    return wanted;
  }
  Texts connect() {
    finder.on_connected(now);
    return wants();
  }
  Texts lose(RedisFailureKind kind = RedisFailureKind::refused) {
    finder.on_lost({kind, "refused"}, now);
    return wants();
  }
  /// The three replies of a sentinel.
  Texts answer(std::optional<RedisAddress> primary, std::optional<std::uint64_t> epoch = {},
               std::vector<RedisAddress> others = {}) {
    finder.on_reply(ServerLocation{.primary = std::move(primary), .config_epoch = {}, .others = {}},
                    now);
    if (finder.link().due() != nullptr) {
      finder.on_reply(ServerLocation{.primary = {}, .config_epoch = epoch, .others = {}}, now);
      finder.on_reply(
          ServerLocation{.primary = {}, .config_epoch = {}, .others = std::move(others)}, now);
    }
    return wants();
  }
  Texts wake() {
    now = std::max(now, finder.next_deadline().value());
    return wants();
  }
  /// The first of them tells of a primary at 100.
  void find(std::uint64_t epoch = 1) {
    REQUIRE(wants() == Texts{"connect 1"});
    REQUIRE(connect() == Texts{"ask"});
    REQUIRE(answer(at(100), epoch).empty());
    REQUIRE(finder.take_move());
    finder.confirm();
  }

  ServerFinder finder;
  Instant now{Duration{1'000'000}};
};

}  // namespace

TEST_CASE("a fixed server is known from the start without a question") {
  FinderOptions options;
  options.server = at(1);
  FinderBench bench{options};
  CHECK(bench.finder.primary() == at(1));
  CHECK_FALSE(bench.finder.may_move());
  bench.finder.doubt(bench.now);
  CHECK(bench.wants().empty());
  CHECK_FALSE(bench.finder.next_deadline());
}

TEST_CASE("the first sentinel that knows is asked again every second") {
  FinderBench bench{sentinels(3)};
  CHECK(bench.wants() == Texts{"connect 1"});
  CHECK_FALSE(bench.finder.primary());
  CHECK(bench.lose() == Texts{"connect 2"});
  CHECK(bench.connect() == Texts{"ask"});
  CHECK(bench.answer(std::nullopt) == Texts{"leave", "connect 3"});
  CHECK(bench.connect() == Texts{"ask"});
  CHECK(bench.answer(at(100)).empty());
  CHECK(bench.finder.primary() == at(100));
  CHECK(bench.finder.take_move());
  CHECK_FALSE(bench.finder.take_move());
  const Instant answered = bench.now;
  CHECK(bench.wake() == Texts{"ask"});
  CHECK(bench.now - answered == FinderOptions{}.interval);
  CHECK(bench.answer(at(100)).empty());
  CHECK_FALSE(bench.finder.take_move());
  CHECK_FALSE(bench.finder.take_failure());
}

TEST_CASE("a switch is followed though no sentinel announces it") {
  FinderBench bench{sentinels(1)};
  bench.find();
  CHECK(bench.wake() == Texts{"ask"});
  CHECK(bench.answer(at(101), 2).empty());
  CHECK(bench.finder.take_move());
  CHECK(bench.finder.primary() == at(101));
}

TEST_CASE("after all were asked in vain the reasons are reported and the finder retries later") {
  FinderBench bench{sentinels(3)};
  bench.wants();
  bench.lose();
  bench.connect();
  bench.answer(std::nullopt);
  CHECK(bench.wake() == Texts{"leave"});  // The third one does not even connect.
  const auto failure = bench.finder.take_failure();
  REQUIRE(failure);
  CHECK(failure->kind == RedisFailureKind::unfound);
  CHECK_THAT(failure->what, Contains("no sentinel knows where the primary 'mymaster' is") &&
                                Contains("10.0.0.1:1: redis refuses the connection") &&
                                Contains("10.0.0.1:2: does not know the name 'mymaster'") &&
                                Contains("10.0.0.1:3: no answer within 1000 ms"));
  const Instant failed = bench.now;
  CHECK(bench.wake() == Texts{"connect 1"});
  CHECK(bench.now > failed);
}

TEST_CASE("a sentinel that does not answer is left for the next one") {
  FinderBench bench{sentinels(2)};
  bench.wants();
  CHECK(bench.connect() == Texts{"ask"});
  CHECK(bench.wake() == Texts{"leave", "connect 2"});
  CHECK(bench.connect() == Texts{"ask"});
  CHECK(bench.answer(at(100)).empty());
  // It falls silent later.
  CHECK(bench.wake() == Texts{"ask"});
  CHECK(bench.wake() == Texts{"leave", "connect 1"});
}

TEST_CASE("a doubt asks another one soon but not at once twice") {
  FinderBench bench{sentinels(2)};
  bench.find();
  const Instant found = bench.now;
  bench.finder.doubt(bench.now);
  bench.finder.doubt(bench.now);
  CHECK(bench.wants().empty());
  CHECK(bench.wake() == Texts{"leave", "connect 2"});
  CHECK(bench.now - found == FinderOptions{}.doubt_interval);
  CHECK(bench.connect() == Texts{"ask"});
  bench.finder.doubt(bench.now);  // It is being asked.
  CHECK(bench.answer(at(100), 1).empty());
  CHECK_FALSE(bench.finder.take_move());
}

TEST_CASE("of sentinels that disagree the older state does not count") {
  FinderBench bench{sentinels(3)};
  bench.find(7);
  bench.now += FinderOptions{}.trust;
  CHECK(bench.wants() == Texts{"leave", "connect 2"});
  bench.connect();
  CHECK(bench.answer(at(99), 6) == Texts{"leave", "connect 3"});
  bench.connect();
  CHECK(bench.answer(at(100), 7).empty());
  CHECK_FALSE(bench.finder.take_move());
  CHECK(bench.finder.primary() == at(100));
}

TEST_CASE("a later state whose server can't be used does not count for ever") {
  FinderBench bench{sentinels(2)};
  bench.find(1'000'000);
  Texts connects;
  for (int doubts = 0; doubts < 8 && bench.finder.primary() == at(100); ++doubts) {
    bench.finder.doubt(bench.now);
    bench.wake();
    bench.connect();
    // The first one keeps saying so.
    const bool is_other = bench.finder.link().due() != nullptr && doubts % 2 == 0;
    bench.answer(is_other ? at(101) : at(100), is_other ? 5 : 1'000'000);
    bench.wants();
    bench.connect();
    if (bench.finder.link().due() != nullptr) {
      bench.answer(at(100), 1'000'000);
    }
  }
  CHECK(bench.finder.primary() == at(101));
}

TEST_CASE("others are learned within bounds and asked when the known ones are gone") {
  FinderBench bench{sentinels(1)};
  std::vector<RedisAddress> others;
  for (std::uint16_t port = 2; port < 200; ++port) {
    others.push_back(at(port));
  }
  bench.wants();
  bench.connect();
  CHECK(bench.answer(at(100), 1, others).empty());
  std::size_t asked = 0;
  bench.finder.on_lost({RedisFailureKind::lost, "lost"}, bench.now);
  for (auto wanted = bench.wants(); wanted.size() == 1 && wanted.front() != "ask";
       wanted = bench.lose()) {
    ++asked;
  }
  CHECK(asked == ServerFinder::asked_max - 1);  // All in this round but the one that was lost.
  CHECK(bench.finder.take_failure());
}

TEST_CASE("a node that has the slot no longer names the one that has") {
  FinderOptions options = sentinels(2);
  options.topology = Topology::cluster;
  FinderBench bench{options};
  CHECK(bench.wants() == Texts{"connect 1"});
  CHECK(bench.connect() == Texts{"ask"});
  CHECK(bench.answer(at(1)).empty());
  CHECK(bench.finder.take_move());
  bench.finder.redirect({.host = "", .port = 7}, bench.now);
  CHECK(bench.finder.take_move());
  CHECK(bench.finder.primary() == at(7));
  CHECK(bench.wants() == Texts{"leave", "connect 7"});  // It knows best.
  bench.finder.redirect(at(7), bench.now);
  CHECK_FALSE(bench.finder.take_move());
  CHECK(bench.connect() == Texts{"ask"});
  CHECK(bench.answer(std::nullopt) == Texts{"leave", "connect 1"});
}

TEST_CASE("an invalid address is ignored") {
  CHECK(read_address("10.0.0.1", "6379") == RedisAddress{.host = "10.0.0.1", .port = 6379});
  CHECK(read_address("::1", "1"));
  CHECK(read_address("redis-0.redis.svc", "65535"));
  for (const char* const port : {"", "0", "65536", "-1", "6379 ", "99999999999999999999"}) {
    CHECK_FALSE(read_address("10.0.0.1", port));
  }
  for (const std::string& host : {std::string{}, std::string{"?"}, std::string{"a b"},
                                  std::string{"a\n"}, std::string{"a/b"}, std::string(256, 'a')}) {
    CHECK_FALSE(read_address(host, "6379"));
  }
  CHECK(to_string(RedisAddress{.host = "::1", .port = 1}) == "[::1]:1");
}

TEST_CASE("a redirection names a slot and an address") {
  CHECK(read_redirection("MOVED 3999 127.0.0.1:6381") ==
        RedisAddress{.host = "127.0.0.1", .port = 6381});
  CHECK(read_redirection("MOVED 3999 :6381") == RedisAddress{.host = "", .port = 6381});
  CHECK(read_redirection("MOVED 3999 ::1:6381") == RedisAddress{.host = "::1", .port = 6381});
  for (const char* const reply :
       {"", "MOVED", "MOVED ", "MOVED 3999", "MOVED 3999 127.0.0.1",
        "MOVED 3999 127.0.0.1:", "MOVED 3999 127.0.0.1:0", "MOVED 3999 ?:6381", "MOVED:1 2",
        "ASK 3999 127.0.0.1:6381", "ERR MOVED 1 a:2"}) {
    CAPTURE(reply);
    CHECK_FALSE(read_redirection(reply));
  }
}

TEST_CASE("a slot is that of the hash tag") {
  // Of the Redis Cluster specification, and of `CLUSTER KEYSLOT`.
  CHECK(hash_slot("123456789") == 0x31c3);
  CHECK(hash_slot("foo") == 12'182);
  CHECK(hash_slot("{foo}:history") == 12'182);
  CHECK(hash_slot("{user1000}.following") == hash_slot("{user1000}.followers"));
  CHECK(hash_slot("foo{}{bar}") == 8'363);
  CHECK(hash_slot("foo{{bar}}zap") == hash_slot("{bar"));
  CHECK(hash_slot("foo{bar}{zap}") == hash_slot("bar"));
  CHECK(hash_slot("") == 0);
}
