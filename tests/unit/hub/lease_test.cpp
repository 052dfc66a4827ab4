#include "hub/lease.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "hub/lease_table.hpp"
#include "hub_reading.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

constexpr std::int64_t opened_ms = reading_timestamp_ms;
constexpr Moment opened{.now = Instant{Duration{5'000}}, .timestamp_ms = opened_ms};

Instant at(std::int64_t now_ms) {
  return Instant{Duration{now_ms}};
}

SubscriptionRequest leased(Lease lease, std::string_view cursor = {}) {
  SubscriptionRequest request = follow(42, cursor);
  request.lease = lease;
  return request;
}

constexpr Lease lease{.warns_at = Instant{Duration{60'000}},
                      .ends_at = Instant{Duration{150'000}},
                      .expires_at = Instant{Duration{120'000}},
                      .key = 7};

std::string update_text() {
  return stage_update(42, "t24_lookup", "STARTED", 1);
}

}  // namespace

TEST_CASE("A lease warns a minute before the token expires and ends after the leeway") {
  const Lease made = make_lease(opened_ms + 600'000, Duration{30'000}, 7, opened);
  CHECK(made.warns_at == opened.now + Duration{540'000});
  CHECK(made.expires_at == opened.now + Duration{600'000});
  CHECK(made.ends_at == opened.now + Duration{630'000});
  CHECK(made.key == 7);
}

TEST_CASE("A lease warns at half of what is left where that is sooner") {
  const Lease made = make_lease(opened_ms + 60'000, Duration{30'000}, 7, opened);
  CHECK(made.warns_at == opened.now + Duration{30'000});
  CHECK(made.ends_at == opened.now + Duration{90'000});
}

TEST_CASE("The lease of a token that has expired warns at once and ends with the leeway") {
  const Lease late = make_lease(opened_ms - 10'000, Duration{30'000}, 7, opened);
  CHECK(late.warns_at <= opened.now);
  CHECK(late.ends_at == opened.now + Duration{20'000});
  const Lease over = make_lease(opened_ms - 30'000, Duration{30'000}, 7, opened);
  CHECK(over.ends_at == opened.now);
}

TEST_CASE("No expiry overflows a lease") {
  using Limits = std::numeric_limits<std::int64_t>;
  const Lease longest = make_lease(Limits::max(), Duration{120'000}, 7, opened);
  CHECK(longest.warns_at > opened.now + Duration{1'000'000'000'000});
  CHECK(longest.ends_at > longest.expires_at);
  const Lease shortest = make_lease(Limits::min(), Duration{120'000}, 7, opened);
  CHECK(shortest.ends_at < opened.now);
}

TEST_CASE("Leases are due in the order of time and go on to their next stage") {
  LeaseTable table;
  CHECK_FALSE(table.next());
  table.add(3, {.warns_at = at(20), .ends_at = at(40), .expires_at = at(30), .key = 1});
  table.add(1, {.warns_at = at(10), .ends_at = at(50), .expires_at = at(30), .key = 2});
  table.add(2, {.warns_at = at(30), .ends_at = at(60), .expires_at = at(30), .key = 1});
  CHECK(table.next() == at(10));
  CHECK_FALSE(table.due(at(9)));
  REQUIRE(table.due(at(10)));
  CHECK(table.due(at(25))->slot == 1);
  table.move_on(1, LeaseStage::end, at(50));
  CHECK(table.due(at(25))->slot == 3);
  table.remove(3);
  CHECK(table.next() == at(30));
  CHECK(table.slots_of(1) == std::vector<std::uint32_t>{2});
  table.move_on(2, LeaseStage::cut, at(70));
  CHECK(table.slots_of(1).empty());
  CHECK(table.due(at(60))->slot == 1);
  CHECK(table.due(at(60))->stage == LeaseStage::end);
  table.remove(9);
  table.move_on(9, LeaseStage::end, at(1));
  table.remove(1);
  CHECK(table.next() == at(70));
}

TEST_CASE("A stream gets one warning before its token expires and ends in good order") {
  LiveHub hub;
  const SubscriptionId id = hub.subscribe(leased(lease), at(0), reading_timestamp_ms);
  hub.handle_leases(at(59'999), reading_timestamp_ms);
  CHECK(take(hub, id).types() == "connected");
  hub.handle_leases(at(70'000), reading_timestamp_ms);
  const Reading warned = take(hub, id);
  CHECK(warned.types() == "token_expiring");
  CHECK(warned.messages.front() == nlohmann::json{{"type", "token_expiring"},
                                                  {"timestamp", reading_timestamp_ms},
                                                  {"expiresInMs", 50'000}});
  CHECK(warned.ids.front().empty());
  hub.handle_leases(at(149'999), reading_timestamp_ms);
  CHECK(take_bytes(hub, id).empty());
  CHECK_FALSE(hub.collect(id, 0)->is_finished());

  REQUIRE_FALSE(hub.publish(update_text(), at(149'999)));
  CHECK(take(hub, id).types() == "update");
  hub.handle_leases(at(150'000), reading_timestamp_ms);
  CHECK(hub.collect(id, 0)->is_finished());
  REQUIRE_FALSE(hub.publish(update_text(), at(150'000)));
  CHECK(take(hub, id).types().empty());
  CHECK(hub.counters().expired == 1);
  CHECK(hub.counters().cut == 0);
}

TEST_CASE("Messages after the lease's end never reach the outbox and a new stream gets them") {
  HubOptions options;
  options.outbox_bytes_max = 1;
  LiveHub hub(options);
  const SubscriptionId id = hub.subscribe(leased(lease), at(0), reading_timestamp_ms);
  for (int count = 0; count < 3; ++count) {
    REQUIRE_FALSE(hub.publish(update_text(), at(0)));
  }
  // No deadline was handled yet: the end is late, and nothing has been collected.
  hub.handle_leases(at(200'000), reading_timestamp_ms);
  const Reading last = take(hub, id);
  CHECK(last.types() == "connected");
  hub.unsubscribe(id);
  const SubscriptionId next =
      hub.subscribe(follow(42, last.ids.back()), at(200'000), reading_timestamp_ms);
  CHECK(take(hub, next).types() == "connected update update update");
}

TEST_CASE("A lease that has ended when its stream opens sends nothing") {
  LiveHub hub;
  REQUIRE_FALSE(hub.publish(update_text()));
  const SubscriptionId id = hub.subscribe(leased(lease), at(150'000), reading_timestamp_ms);
  CHECK(take(hub, id).types().empty());
  CHECK(hub.collect(id, 0)->is_finished());
  CHECK(hub.counters().expired == 1);
}

TEST_CASE("A stream that waits for the history is warned after connected and expires as well") {
  Hub hub;
  hub.begin_history({.epoch = LiveHub::epoch, .sequence = 0});
  const SubscriptionId id = hub.subscribe(leased(lease), at(0), reading_timestamp_ms);
  hub.handle_leases(at(70'000), reading_timestamp_ms);
  CHECK(take(hub, id).types().empty());
  SECTION("warned") {
    hub.go_live(reading_timestamp_ms);
    hub.handle_leases(at(80'000), reading_timestamp_ms);
    CHECK(take(hub, id).types() == "connected token_expiring");
    hub.handle_leases(at(150'000), reading_timestamp_ms);
    CHECK(hub.collect(id, 0)->is_finished());
  }
  SECTION("expired") {
    hub.handle_leases(at(150'000), reading_timestamp_ms);
    hub.go_live(reading_timestamp_ms);
    CHECK(take(hub, id).types().empty());
    CHECK(hub.collect(id, 0)->is_finished());
  }
}

TEST_CASE("An expired stream gets nothing of a new history") {
  LiveHub hub;
  const SubscriptionId id = hub.subscribe(leased(lease), at(0), reading_timestamp_ms);
  static_cast<void>(take(hub, id));
  hub.handle_leases(at(150'000), reading_timestamp_ms);
  hub.begin_history({.epoch = LiveHub::epoch + 1, .sequence = 0});
  hub.go_live(reading_timestamp_ms);
  CHECK(take(hub, id).types().empty());
}

TEST_CASE("A withdrawn key ends each of its streams once and no other") {
  LiveHub hub;
  Lease other = lease;
  other.key = 8;
  const SubscriptionId first = hub.subscribe(leased(lease), at(0), reading_timestamp_ms);
  const SubscriptionId second = hub.subscribe(leased(other), at(0), reading_timestamp_ms);
  const SubscriptionId third = hub.subscribe(follow(42), at(0), reading_timestamp_ms);
  const SubscriptionId fourth = hub.subscribe(leased(lease), at(0), reading_timestamp_ms);
  hub.unsubscribe(fourth);
  CHECK(hub.withdraw(7, at(1)) == 1);
  CHECK(hub.withdraw(7, at(1)) == 0);
  CHECK(hub.collect(first, 0)->is_finished());
  CHECK_FALSE(hub.collect(second, 0)->is_finished());
  CHECK_FALSE(hub.collect(third, 0)->is_finished());
  CHECK(hub.counters().withdrawn == 1);
  CHECK(hub.counters().expired == 0);
}

TEST_CASE("A hub wakes for its leases") {
  HubOptions options;
  options.heartbeat_interval = Duration{60'000};
  options.ping_interval = Duration{3'600'000};
  LiveHub hub(options);
  static_cast<void>(hub.subscribe(follow(42), at(0), reading_timestamp_ms));
  const auto without = hub.next_deadline();
  Lease soon = lease;
  soon.warns_at = at(3);
  static_cast<void>(hub.subscribe(leased(soon), at(0), reading_timestamp_ms));
  REQUIRE(without > at(3));
  CHECK(hub.next_deadline() == at(3));
}
