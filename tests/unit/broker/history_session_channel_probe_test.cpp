// A bare message may wait for an entry that was published after the history's end was asked for and
// before the subscription. A probe of the channel shows that such an entry will not be received.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include <catch2/catch.hpp>

#include "broker/history/history_follower.hpp"
#include "redis_program.hpp"
#include "session_bench.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: every action, command and reply.
using regstream::EventId;
using regstream::test::stamped_json;
using regstream::test::update_json;

EventId id(std::uint64_t sequence) {
  return {1'000, sequence};
}

/// The last two of the history.
HistoryPage page_to(std::uint64_t end) {
  HistoryPage page{.end = id(end), .is_last = true, .entries = {}};
  for (std::uint64_t sequence = end - 1; sequence <= end; ++sequence) {
    page.entries.push_back(
        {.id = id(sequence),
         .message = stamped_json(update_json(static_cast<int>(sequence)), id(sequence)),
         .adopted_as = {}});
  }
  return page;
}

/// The next action that is not for the subscriber.
template <typename Action>
std::optional<Action> asked(HistoryFollower& follower) {
  while (auto action = follower.poll()) {
    if (auto* const found = std::get_if<Action>(&*action)) {
      return std::move(*found);
    }
    if (std::holds_alternative<Adopt>(*action) || std::holds_alternative<ProbeChannel>(*action)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

/// Its bare message waits behind the cursor 2, and the history only holds 7 and 8.
HistoryFollower waiting_follower() {
  HistoryFollower follower;
  follower.on_callable();
  follower.on_subscribed(id(2));
  REQUIRE(asked<ReadHistory>(follower));
  follower.on_message(update_json(9));
  follower.on_page(page_to(8));
  const auto adopt = asked<Adopt>(follower);
  REQUIRE(adopt);
  REQUIRE(adopt->cursor == id(2));
  follower.on_adopted(std::nullopt);
  return follower;
}

}  // namespace

TEST_CASE("a bare message is offered after a probe shows which entries will not be received") {
  auto follower = waiting_follower();
  CHECK(asked<ProbeChannel>(follower));
  CHECK_FALSE(follower.poll());  // Once.
  SECTION("as soon as that is known") {
    follower.on_channel_probed();
    CHECK(asked<Adopt>(follower)->cursor == id(8));
  }
  SECTION("and not past entries that were read after the probe and may still be received") {
    follower.catch_up();
    REQUIRE(asked<ReadHistory>(follower));
    follower.on_page(page_to(12));
    follower.on_channel_probed();
    const auto adopt = asked<Adopt>(follower);
    REQUIRE(adopt);
    CHECK(adopt->cursor == id(8));
    follower.on_adopted(std::nullopt);
    CHECK(asked<ProbeChannel>(follower));
  }
  SECTION("or past messages that arrive meanwhile") {
    follower.on_message(stamped_json(update_json(8), id(8)));
    CHECK(asked<Adopt>(follower)->cursor == id(8));
    follower.on_channel_probed();
    CHECK_FALSE(asked<Adopt>(follower));
  }
  SECTION("again if messages that arrived meanwhile were unverified at the answer") {
    follower.on_message(stamped_json(update_json(20), id(20)));
    follower.on_channel_probed();
    REQUIRE(asked<ReadHistory>(follower));
    follower.on_page(page_to(8));  // There is no 20: it was bare.
    CHECK(asked<ProbeChannel>(follower));
    follower.on_channel_probed();
    const auto adopt = asked<Adopt>(follower);
    REQUIRE(adopt);
    CHECK(adopt->cursor == id(8));
    CHECK(adopt->offers.size() == 2);
  }
  SECTION("on each connection anew") {
    follower.on_unsubscribed();
    follower.on_subscribed(id(8));
    follower.on_channel_probed();  // To nothing.
    const auto adopt = asked<Adopt>(follower);
    REQUIRE(adopt);
    CHECK(adopt->cursor == id(2));
    follower.on_adopted(std::nullopt);
    CHECK(asked<Adopt>(follower)->cursor == id(8));
  }
}

TEST_CASE("a channel that is left unread is not probed") {
  HistoryFollower follower{{.adoption = {.waiting_max = 1}}};
  follower.on_callable();
  follower.on_subscribed(id(2));
  REQUIRE(asked<ReadHistory>(follower));
  follower.on_message(update_json(9));
  follower.on_page(page_to(8));
  REQUIRE(asked<Adopt>(follower));
  follower.on_adopted(std::nullopt);
  CHECK_FALSE(asked<ProbeChannel>(follower));
}

TEST_CASE("an error is an answer to a probe: a redis that can't save to its disk gives one") {
  using regstream::test::Bench;
  using regstream::test::Texts;
  Bench bench;
  bench.bring_up_gateway(id(2));
  bench.session.on_message(update_json(9));
  REQUIRE(bench.wants() == Texts{"adopt 1"});
  bench.session.catch_up();
  REQUIRE(bench.wants() == Texts{"read 1000-2"});
  bench.call_reply(CursorTooOld{});
  CHECK(bench.call_reply(page_to(8)).back() == "probe channel");
  CHECK(bench.reply(LinkRole::listener, regstream::test::rejected()) == Texts{"adopt 1"});
}
