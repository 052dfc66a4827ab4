#include "hub/stream_pump.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "pump_loop.hpp"
#include "refusal.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

constexpr std::uint64_t epoch = LiveHub::epoch;

std::ptrdiff_t count_updates(const std::string& bytes) {
  const std::vector<nlohmann::json> messages = read_stream(bytes).messages;
  return std::count_if(messages.begin(), messages.end(),
                       [](const auto& message) { return message.at("type") == "update"; });
}

}  // namespace

TEST_CASE("All messages of a turn go out in one write per stream at its end") {
  Loop loop;
  const SubscriptionId first = loop.open();
  const SubscriptionId second = loop.open();
  loop.end_turn();
  loop.sockets.order.clear();
  loop.publish(3);
  CHECK(loop.sockets.order.empty());
  CHECK(loop.flushes_scheduled == 1);
  loop.end_turn();
  // The second look at each finds nothing more.
  CHECK(loop.sockets.order == std::vector<std::uint32_t>{0, 0, 1, 1});
  CHECK(loop.types(first) == "connected update update update");
  CHECK(loop.types(second) == loop.types(first));
}

TEST_CASE("A long burst goes out in parts before the turn ends") {
  const std::size_t size = stage_update(42, "t24_lookup", "STARTED", 1).size();
  Loop loop({.unflushed_bytes_max = 3 * size});
  const SubscriptionId id = loop.open();
  loop.end_turn();
  loop.publish(3);
  CHECK(count_updates(loop.socket(id).sent) == 0);
  loop.publish(1);
  CHECK(count_updates(loop.socket(id).sent) == 4);
  loop.publish(3);
  CHECK(count_updates(loop.socket(id).sent) == 4);
  loop.publish(1);
  CHECK(count_updates(loop.socket(id).sent) == 8);
  CHECK(loop.flushes_scheduled == 1);
}

TEST_CASE("A full socket waits until it has room and nobody waits for it") {
  Loop loop;
  const SubscriptionId slow = loop.open({}, {.room = 10});
  const SubscriptionId fast = loop.open();
  loop.end_turn();
  loop.publish(2);
  loop.end_turn();
  CHECK(loop.types(fast) == "connected update update");
  CHECK(loop.socket(slow).sent.size() == 10);

  loop.socket(slow).room = SIZE_MAX;
  loop.pump.on_writable(slow, loop.now, loop.sockets);
  loop.perform();
  CHECK(loop.socket(slow).sent == loop.socket(fast).sent);
}

TEST_CASE("A socket that has failed is closed and its stream is gone") {
  Loop loop;
  const SubscriptionId failing = loop.open();
  const SubscriptionId other = loop.open();
  loop.end_turn();
  loop.socket(failing).has_failed = true;
  loop.publish();
  loop.end_turn();
  CHECK(loop.socket(failing).is_closed);
  CHECK(loop.socket(failing).end == StreamEnd::client_left);
  CHECK(loop.socket(failing).error.empty());
  CHECK(loop.pump.hub().subscriptions() == 1);
  CHECK(loop.types(other) == "connected update");

  // Its socket reports room once more, and has it unexpectedly.
  loop.pump.on_peer_closed(failing);
  const int writes = loop.socket(failing).writes;
  loop.pump.on_writable(failing, loop.now, loop.sockets);
  CHECK(loop.socket(failing).writes == writes);
  CHECK(loop.pump.hub().subscriptions() == 1);
}

TEST_CASE("An exception ends the stream that it came from and no other") {
  Loop loop;
  const SubscriptionId before = loop.open();
  const SubscriptionId throwing = loop.open();
  const SubscriptionId after = loop.open();
  loop.end_turn();
  loop.socket(throwing).throws = true;
  loop.publish();
  loop.end_turn();
  CHECK(loop.socket(throwing).is_closed);
  CHECK(loop.socket(throwing).end == StreamEnd::failed);
  CHECK(loop.socket(throwing).error == "no memory for this one");
  CHECK(loop.types(before) == "connected update");
  CHECK(loop.types(after) == "connected update");
  CHECK(loop.pump.hub().subscriptions() == 2);

  // The same where the stream is written to alone.
  loop.socket(after).throws = true;
  loop.pump.on_writable(after, loop.now, loop.sockets);
  CHECK(loop.socket(after).is_closed);
  CHECK(loop.pump.hub().subscriptions() == 1);
}

TEST_CASE("A long replay gives others their turn and goes on when its own comes again") {
  Loop loop({.hub = {.outbox_bytes_max = 1'000}, .turn_bytes_max = 4'000});
  loop.publish(100);
  const SubscriptionId replayed = loop.open(LiveHub::id(0));
  const SubscriptionId newcomer = loop.open();
  loop.end_turn();
  CHECK(loop.types(newcomer) == "connected");
  CHECK(loop.socket(replayed).turns_given_up == 1);
  CHECK(loop.socket(replayed).sent.size() >= 4'000);
  CHECK(loop.socket(replayed).sent.size() < 6'000);

  int turns = 1;
  while (loop.socket(replayed).turns_given_up == turns) {
    loop.pump.on_writable(replayed, loop.now, loop.sockets);
    ++turns;
    REQUIRE(turns < 100);
  }
  CHECK(turns >= 5);
  CHECK(count_updates(loop.socket(replayed).sent) == 100);
}

TEST_CASE("A flush writes a slice and the other streams follow in the next turns") {
  Loop loop({.slice_streams_max = 2});
  std::vector<SubscriptionId> ids;
  for (int index = 0; index < 5; ++index) {
    ids.push_back(loop.open());
  }
  const auto openings = [&] {
    return std::count_if(ids.begin(), ids.end(),
                         [&](SubscriptionId id) { return loop.types(id).ends_with("connected"); });
  };
  for (const int expected : {2, 4, 5}) {
    REQUIRE(loop.flushes_scheduled == 1);
    --loop.flushes_scheduled;
    loop.pump.on_flush_due();
    loop.perform();
    CHECK(openings() == expected);
  }
  loop.end_turn();
  CHECK(loop.flushes_scheduled == 0);

  // A stream that gets something new meanwhile has its turn after the others.
  loop.sockets.order.clear();
  loop.publish();
  loop.pump.on_flush_due();
  loop.perform();
  loop.publish();
  loop.end_turn();
  std::vector<std::uint32_t> first_looks;
  for (const std::uint32_t slot : loop.sockets.order) {
    if (first_looks.empty() || first_looks.back() != slot) {
      first_looks.push_back(slot);
    }
  }
  CHECK(first_looks == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 0, 1});
}

TEST_CASE("Messages that arrive between two slices go out with those that wait already") {
  Loop loop({.slice_streams_max = 1});
  const SubscriptionId first = loop.open();
  const SubscriptionId second = loop.open();
  loop.end_turn();
  loop.sockets.order.clear();
  loop.publish();
  loop.flushes_scheduled = 0;
  loop.pump.on_flush_due();
  loop.perform();
  loop.publish();
  loop.end_turn();
  // The second look at each finds nothing more.
  CHECK(loop.sockets.order == std::vector<std::uint32_t>{0, 0, 1, 1, 0, 0});
  CHECK(loop.types(first) == "connected update update");
  CHECK(loop.types(second) == loop.types(first));
}

TEST_CASE("A slice ends with the stream that has used it up however much is due for others") {
  Loop loop({.slice_bytes_max = 1'000});
  const SubscriptionId first = loop.open();
  const SubscriptionId second = loop.open();
  loop.end_turn();
  loop.publish(20);
  loop.pump.on_flush_due();
  loop.flushes_scheduled = 0;
  loop.perform();
  CHECK(count_updates(loop.socket(first).sent) == 20);
  CHECK(count_updates(loop.socket(second).sent) == 0);
  CHECK(loop.flushes_scheduled == 1);
  loop.end_turn();
  CHECK(count_updates(loop.socket(second).sent) == 20);
}

TEST_CASE("A burst within one turn writes one slice and the loop has its turn before the next") {
  const std::size_t size = stage_update(42, "t24_lookup", "STARTED", 1).size();
  Loop loop({.unflushed_bytes_max = 3 * size, .slice_bytes_max = 10 * size});
  const SubscriptionId id = loop.open();
  loop.end_turn();
  loop.publish(100);
  const std::ptrdiff_t sent = count_updates(loop.socket(id).sent);
  CHECK(sent >= 4);
  CHECK(sent <= 12);
  CHECK(loop.flushes_scheduled == 1);
  loop.end_turn();
  CHECK(count_updates(loop.socket(id).sent) == 100);
}

TEST_CASE("Writes to a socket that has room again don't count for a slice") {
  Loop loop({.slice_bytes_max = 1'000});
  const SubscriptionId slow = loop.open({}, {.room = 0});
  const SubscriptionId fast = loop.open();
  loop.end_turn();
  loop.publish(20);
  loop.end_turn();
  loop.socket(slow).room = SIZE_MAX;
  loop.pump.on_writable(slow, loop.now, loop.sockets);
  loop.perform();
  CHECK(loop.socket(slow).sent == loop.socket(fast).sent);
  CHECK(loop.flushes_scheduled == 0);
}

TEST_CASE("A peer may close while the flush runs") {
  Loop loop;
  const SubscriptionId first = loop.open();
  const SubscriptionId second = loop.open();
  const SubscriptionId third = loop.open();
  loop.end_turn();
  const std::string opening = loop.socket(second).sent;

  SECTION("another one, whose turn is yet to come") {
    loop.socket(first).on_write = [&] { loop.pump.on_peer_closed(second); };
    loop.publish();
    loop.end_turn();
    CHECK(loop.socket(second).sent == opening);
    CHECK(loop.types(first) == "connected update");
  }
  SECTION("the one that is being written to") {
    loop.socket(second).on_write = [&] { loop.pump.on_peer_closed(second); };
    loop.publish();
    loop.end_turn();
    CHECK(loop.types(first) == "connected update");
  }
  SECTION("the one that is being written to, which then fails") {
    loop.socket(second).on_write = [&] { loop.pump.on_peer_closed(second); };
    loop.socket(second).throws = true;
    loop.publish();
    loop.end_turn();
    CHECK(loop.types(first) == "connected update");
  }
  CHECK(loop.types(third) == "connected update");
  CHECK_FALSE(loop.socket(second).is_closed);  // The caller closes it.
  CHECK(loop.pump.hub().subscriptions() == 2);
}

TEST_CASE("A drain ends every stream in good order and waits for the peer that does not read") {
  Loop loop({.hub = {.retry = Duration{1'000}}, .seed = 7});
  std::vector<SubscriptionId> ids;
  for (int index = 0; index < 50; ++index) {
    ids.push_back(loop.open());
  }
  loop.end_turn();
  loop.socket(ids.front()).room = 0;
  loop.pump.drain(Duration::zero(), loop.now);
  loop.perform();
  loop.end_turn();
  CHECK(loop.pump.is_draining());
  CHECK(refusal_of(loop.pump) == StreamRefusal::draining);

  std::map<std::int64_t, int> retries;
  for (const SubscriptionId id : ids) {
    if (id == ids.front()) {
      continue;
    }
    CHECK(loop.socket(id).is_closed);
    CHECK(loop.socket(id).end == StreamEnd::shutdown);
    CHECK(loop.socket(id).error.empty());
    const Reading reading = read_stream(loop.socket(id).sent);
    REQUIRE(reading.retries.size() == 2);
    ++retries[reading.retries.back().count()];
    CHECK(reading.retries.back() >= Duration{1'000});
    CHECK(reading.retries.back() <= Duration{1'049});  // A millisecond for each.
  }
  CHECK(retries.size() > 10);
  CHECK(loop.drained == 0);
  CHECK_FALSE(loop.socket(ids.front()).is_closed);

  SECTION("until it reads") {
    loop.socket(ids.front()).room = SIZE_MAX;
    loop.pump.on_writable(ids.front(), loop.now, loop.sockets);
    loop.perform();
    CHECK(loop.socket(ids.front()).is_closed);
  }
  SECTION("until it goes") {
    loop.pump.on_peer_closed(ids.front());
    loop.perform();
  }
  CHECK(loop.drained == 1);
  loop.end_turn();
  CHECK(loop.drained == 1);
}

TEST_CASE("A drain without streams is over at once and one client comes back without a delay") {
  Loop empty;
  empty.pump.drain(Duration::zero(), empty.now);
  empty.perform();
  CHECK(empty.drained == 1);

  Loop loop;
  const SubscriptionId id = loop.open();
  loop.end_turn();
  loop.pump.drain(Duration::zero(), loop.now);
  loop.perform();
  CHECK(read_stream(loop.socket(id).sent).retries.back() == HubOptions{}.retry);
  CHECK(loop.drained == 1);
}

TEST_CASE("A drain spreads the ends over its time and what is left over the time to come back") {
  Loop loop({.hub = {.retry = Duration{1'000}, .ping_interval = Duration{30'000}}, .seed = 7});
  std::vector<SubscriptionId> ids;
  for (int index = 0; index < 100; ++index) {
    ids.push_back(loop.open());
  }
  loop.end_turn();
  const Instant begin = loop.now.now;
  const Duration longest = loop.pump.drain(Duration{60}, loop.now);
  CHECK(longest == Duration{60});
  loop.perform();
  const auto open = [&] { return loop.pump.hub().subscriptions(); };
  CHECK(open() > 90);

  // Open streams still get new messages.
  loop.publish();
  loop.end_turn();
  std::size_t before = open();
  int steps = 0;
  while (loop.drained == 0) {
    REQUIRE(loop.deadlines.back() - begin <= Duration{60});
    REQUIRE(loop.deadlines.back() > loop.now.now);
    loop.now.now = loop.deadlines.back();
    loop.pump.on_deadline(loop.now);
    loop.perform();
    loop.end_turn();
    CHECK(open() < before);
    before = open();
    ++steps;
  }
  CHECK(steps > 30);
  CHECK(loop.now.now - begin == Duration{60});
  int told_later = 0;
  for (const SubscriptionId id : ids) {
    CHECK(loop.socket(id).is_closed);
    const Duration retry = read_stream(loop.socket(id).sent).retries.back();
    CHECK(retry >= Duration{1'000});
    CHECK(retry <= Duration{1'039});
    told_later += retry > Duration{1'000} ? 1 : 0;
  }
  CHECK(told_later > 20);
  CHECK(told_later < 60);
}

TEST_CASE("Before a drain new streams can be refused and the open ones go on") {
  Loop loop;
  const SubscriptionId id = loop.open();
  loop.end_turn();
  loop.pump.refuse_new();
  CHECK(refusal_of(loop.pump) == StreamRefusal::draining);
  loop.publish();
  loop.end_turn();
  CHECK(loop.types(id) == "connected update");
  // Its client goes by itself: that is no end of a drain yet.
  loop.pump.on_peer_closed(id);
  loop.perform();
  CHECK(loop.drained == 0);
  loop.pump.drain(Duration{60}, loop.now);
  loop.perform();
  CHECK(loop.drained == 1);
}

TEST_CASE("A stream beyond the maximum is refused and counted") {
  Loop loop({.streams = std::make_shared<StreamCount>(2)});
  auto first = loop.pump.admit({});
  CHECK(std::holds_alternative<StreamPlace>(first));
  const auto second = loop.pump.admit({});
  CHECK(std::holds_alternative<StreamPlace>(second));
  CHECK(refusal_of(loop.pump) == StreamRefusal::full);
  CHECK(loop.pump.streams_refused() == 1);
  std::get<StreamPlace>(first).reset();
  CHECK_FALSE(refusal_of(loop.pump));
  CHECK(loop.pump.streams_refused() == 1);
}

TEST_CASE("A deadline is set once and looked for again when it has come however late") {
  Loop loop({.hub = {.ping_interval = Duration{30'000}, .heartbeat_interval = Duration{10'000}}});
  CHECK(loop.deadlines.empty());  // There is no stream for a heartbeat.
  const SubscriptionId id = loop.open();
  loop.end_turn();
  REQUIRE(loop.deadlines.size() == 1);
  CHECK(loop.deadlines.back() <= Instant{Duration{5'000}});
  loop.publish();
  loop.end_turn();
  CHECK(loop.deadlines.size() == 1);

  const std::size_t sent = loop.socket(id).sent.size();
  loop.now = at(100'000);
  loop.pump.on_deadline(loop.now);
  loop.perform();
  CHECK(loop.socket(id).sent.size() == sent);  // It goes out with the turn.
  loop.end_turn();
  CHECK(loop.types(id) == "connected update ping");
  REQUIRE(loop.deadlines.size() == 2);
  CHECK(loop.deadlines.back() > loop.now.now);
  CHECK(loop.deadlines.back() <= Instant{Duration{105'000}});
}

TEST_CASE("A deadline that could not be set is asked for again by the next flush") {
  Loop loop;
  loop.open();
  loop.end_turn();
  REQUIRE(loop.deadlines.size() == 1);
  loop.pump.on_deadline_lost();
  loop.publish();
  loop.end_turn();
  REQUIRE(loop.deadlines.size() == 2);
  CHECK(loop.deadlines[0] == loop.deadlines[1]);
}

TEST_CASE("Cursors that are ahead ask the broker once for all that came in a turn") {
  Loop loop;
  const SubscriptionId first = loop.open(LiveHub::id(1));
  const SubscriptionId second = loop.open(LiveHub::id(2));
  CHECK(loop.catch_ups == 0);
  loop.end_turn();
  CHECK(loop.catch_ups == 1);
  CHECK(loop.types(first).empty());
  // The third may ask a tenth of a second later, when the deadline comes.
  const SubscriptionId third = loop.open(LiveHub::id(2));
  loop.end_turn();
  CHECK(loop.catch_ups == 1);

  loop.publish(2);
  loop.pump.on_caught_up(loop.now);
  loop.perform();
  loop.end_turn();
  CHECK(loop.types(first) == "connected update");
  CHECK(loop.types(second) == "connected");
  CHECK(loop.types(third) == "connected");
}

TEST_CASE("Only a new message of a live history is published and only a written one delivered") {
  Loop loop({}, false);
  loop.now = at(10);
  loop.publish();
  CHECK_FALSE(loop.pump.published_timestamp_ms());  // It was there before.
  loop.pump.on_live(loop.now);
  const SubscriptionId id = loop.open({}, {.room = 0});
  loop.end_turn();
  loop.now = at(20);
  loop.publish();
  CHECK(loop.pump.published_timestamp_ms() == at(20).timestamp_ms);
  loop.now = at(30);
  loop.end_turn();
  CHECK_FALSE(loop.pump.delivered_timestamp_ms());

  loop.socket(id).room = SIZE_MAX;
  loop.now = at(40);
  loop.pump.on_writable(id, loop.now, loop.sockets);
  loop.now = at(50);
  loop.publish();
  loop.end_turn();
  CHECK(loop.pump.delivered_timestamp_ms() == at(50).timestamp_ms);
  // A message that is delivered again is not new.
  loop.now = at(60);
  REQUIRE_FALSE(loop.pump.on_message({.epoch = epoch, .sequence = loop.published},
                                     stage_update(42, "t24_lookup", "STARTED", 1), loop.now));
  CHECK(loop.pump.published_timestamp_ms() == at(50).timestamp_ms);
}
