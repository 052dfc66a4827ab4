#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/random.hpp>

#include "hub/beats.hpp"
#include "hub_reading.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

constexpr std::int64_t timestamp_ms = 1'702'493'000'000;

Instant at(std::int64_t ms) {
  return Instant{Duration{ms}};
}

// What one stream was sent, and when.
struct Sent {
  std::vector<Instant> pings;
  std::vector<Instant> heartbeats;
  Duration longest_silence{};

  void note(Instant now, const Reading& reading) {
    if (reading.messages.empty() && reading.comments == 0) {
      return;
    }
    longest_silence = std::max(longest_silence, now - last_);
    last_ = now;
    heartbeats.insert(heartbeats.end(), reading.comments, now);
    for (const nlohmann::json& message : reading.messages) {
      if (message["type"] == "ping") {
        pings.push_back(now);
      }
    }
  }

  explicit Sent(Instant begin) : last_(begin) {}

 private:
  Instant last_;
};

// Handles each deadline until `end` on time, and collects at once.
void pass(Hub& hub, SubscriptionId id, Instant end, Sent& sent) {
  for (Instant now = *hub.next_deadline(); now <= end; now = *hub.next_deadline()) {
    hub.handle_deadline(now, timestamp_ms);
    sent.note(now, take(hub, id));
  }
}

}  // namespace

TEST_CASE("Each phase has its beat once a period and always at the same place in it") {
  const auto interval = GENERATE(2, 3, 14, 100, 10'000);
  Beats beats(Duration{interval}, Duration{3 * interval});
  Random random(1);
  std::vector<std::optional<Instant>> last(Beats::phases);
  Instant previous{};
  Instant now = at(777);
  beats.skip(now);
  for (int step = 0; step < 1'000; ++step) {
    now +=
        Duration{static_cast<std::int64_t>(random.up_to(static_cast<std::uint64_t>(interval) / 4))};
    while (const auto beat = beats.poll(now)) {
      REQUIRE(beat->due <= now);
      REQUIRE(beat->due > at(777));
      REQUIRE(beat->due >= previous);
      previous = beat->due;
      std::optional<Instant>& before = last[beat->phase];
      REQUIRE((!before || beat->due - *before == beats.period()));
      before = beat->due;
    }
    REQUIRE(beats.next(Beats::phases) > now);
  }
}

TEST_CASE("The next beat belongs to a used slot") {
  Beats beats(Duration{10'000}, Duration{30'000});
  beats.skip(at(0));
  CHECK(beats.next(1) == at(5'000));
  CHECK(beats.next(Beats::phases) == at(39));
  CHECK_FALSE(beats.poll(at(38)));
  CHECK(beats.poll(at(39))->phase == 1);
  CHECK(beats.next(2) == at(5'000));
}

TEST_CASE("After a long sleep each phase has one beat") {
  Beats beats(Duration{10'000}, Duration{30'000});
  beats.skip(at(0));
  std::vector<std::size_t> phases;
  while (const auto beat = beats.poll(at(1'000'000))) {
    CHECK(beat->due > at(995'000));
    phases.push_back(beat->phase);
  }
  std::sort(phases.begin(), phases.end());
  REQUIRE(phases.size() == Beats::phases);
  CHECK(std::unique(phases.begin(), phases.end()) == phases.end());
}

TEST_CASE("Two beats fit into a heartbeat and a ping falls on a beat") {
  struct Given {
    std::int64_t heartbeat_ms, ping_ms, period_ms;
  };
  const auto given = GENERATE(Given{10'000, 30'000, 5'000}, Given{7'000, 30'000, 3'333},
                              Given{40'000, 30'000, 15'000}, Given{10'000, 1'000, 1'000},
                              Given{10, 3'600'000, 5}, Given{3'600'000, 10, 10}, Given{1, 1, 1});
  CAPTURE(given.heartbeat_ms, given.ping_ms);
  const Beats beats(Duration{given.heartbeat_ms}, Duration{given.ping_ms});
  CHECK(beats.period() == Duration{given.period_ms});
}

TEST_CASE("Without a subscription there is no deadline") {
  LiveHub hub;
  CHECK_FALSE(hub.next_deadline());
  hub.handle_deadline(at(1'000'000), timestamp_ms);
  const SubscriptionId id = hub.subscribe({}, at(1'000'000), timestamp_ms);
  CHECK(hub.next_deadline() > at(1'000'000));
  hub.unsubscribe(id);
  CHECK_FALSE(hub.next_deadline());
}

TEST_CASE("A stream begins with the hint when to come back and the interval of its heartbeats") {
  LiveHub hub({.retry = Duration{1'500}, .heartbeat_interval = Duration{20'000}});
  const SubscriptionId id = hub.subscribe({}, at(0), timestamp_ms);
  CHECK_THAT(take_bytes(hub, id), Catch::StartsWith("retry: 1500\n\n: heartbeat 20000\nid: "));
}

TEST_CASE("A silent stream gets heartbeats and a ping every thirty seconds") {
  LiveHub hub;
  const Instant begin = at(GENERATE(0, 1, 4'999, 5'000, 123'456'789));
  const auto others = GENERATE(0, 1, 127, 200);
  for (int other = 0; other < others; ++other) {
    hub.subscribe(follow(42), begin, timestamp_ms);
  }
  const SubscriptionId id = hub.subscribe({}, begin, timestamp_ms);
  static_cast<void>(take(hub, id));
  Sent sent(begin);
  pass(hub, id, begin + Duration{300'000}, sent);

  REQUIRE(sent.pings.size() == 10);
  CHECK(sent.pings.front() - begin > Duration{25'000});
  CHECK(sent.pings.front() - begin <= Duration{30'000});
  for (std::size_t ping = 1; ping < sent.pings.size(); ++ping) {
    CHECK(sent.pings[ping] - sent.pings[ping - 1] == Duration{30'000});
  }
  CHECK(sent.longest_silence == Duration{10'000});
  CHECK(sent.heartbeats.size() >= 20);
  CHECK(sent.heartbeats.size() <= 22);
}

TEST_CASE("A stream with updates gets pings alone") {
  LiveHub hub;
  const SubscriptionId id = hub.subscribe({}, at(0), timestamp_ms);
  static_cast<void>(take(hub, id));
  Sent sent(at(0));
  for (std::int64_t ms = 4'000; ms <= 120'000; ms += 4'000) {
    pass(hub, id, at(ms), sent);
    REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", timestamp_ms), at(ms)));
    sent.note(at(ms), take(hub, id));
  }
  CHECK(sent.heartbeats.empty());
  CHECK(sent.pings == std::vector{at(30'000), at(60'000), at(90'000), at(120'000)});
}

TEST_CASE("No silence is longer than the interval whenever something is sent") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto between = [&random](std::int64_t least, std::int64_t most) {
      return Duration{least + static_cast<std::int64_t>(
                                  random.up_to(static_cast<std::uint64_t>(most - least)))};
    };
    const Duration heartbeat = between(10, 2'000);
    const Duration ping = between(10, 5'000);
    LiveHub hub({.ping_interval = ping, .heartbeat_interval = heartbeat});
    for (int other = 0; other < 5; ++other) {
      hub.subscribe(follow(42), at(0), timestamp_ms);
    }
    const SubscriptionId id = hub.subscribe({}, at(0), timestamp_ms);
    static_cast<void>(take(hub, id));
    Sent sent(at(0));
    Instant now = at(0);
    while (now < at(60'000)) {
      now += between(1, 3'000);
      pass(hub, id, now, sent);
      REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", timestamp_ms), now));
      sent.note(now, take(hub, id));
    }
    CHECK(sent.longest_silence <= heartbeat);
    REQUIRE_FALSE(sent.pings.empty());
    Instant last = at(0);
    Duration longest{};
    for (const Instant one : sent.pings) {
      longest = std::max(longest, one - last);
      last = one;
    }
    CHECK(longest <= ping);
  }
}

TEST_CASE("A stream that waits for the history gets heartbeats and no ping before connected") {
  Hub hub;
  const SubscriptionId id = hub.subscribe({}, at(0), timestamp_ms);
  CHECK(take(hub, id).comments == 1);
  Sent waiting(at(0));
  pass(hub, id, at(60'000), waiting);
  CHECK(waiting.pings.empty());
  CHECK(waiting.heartbeats.size() == 6);
  CHECK(waiting.longest_silence == Duration{10'000});

  hub.go_live(timestamp_ms);
  Sent live(at(60'000));
  pass(hub, id, at(90'000), live);
  CHECK(live.pings.size() == 1);
}

TEST_CASE("Ten thousand clients that come at once are not served at once from then on") {
  LiveHub hub;
  for (std::int64_t client = 1; client <= 10'000; ++client) {
    hub.subscribe(follow(client), at(0), timestamp_ms);
  }
  const auto send_all = [&hub] {
    std::size_t streams = 0;
    while (const auto ready = hub.poll()) {
      Outbox& outbox = *hub.collect(*ready, timestamp_ms);
      outbox.consume(outbox.bytes_waiting());
      ++streams;
    }
    return streams;
  };
  CHECK(send_all() == 10'000);
  std::size_t all = 0;
  std::size_t most = 0;
  for (Instant now = *hub.next_deadline(); now <= at(60'000); now = *hub.next_deadline()) {
    hub.handle_deadline(now, timestamp_ms);
    const std::size_t streams = send_all();
    all += streams;
    most = std::max(most, streams);
  }
  CHECK(all >= 50'000);
  CHECK(all <= 60'000);
  CHECK(most <= 10'000 / Beats::phases + 1);
}

TEST_CASE("A late deadline gives one ping to every stream that is due encoded once") {
  LiveHub hub({.ping_interval = Duration{100}});
  const SubscriptionId first = hub.subscribe({}, at(0), timestamp_ms);
  const SubscriptionId second = hub.subscribe({}, at(10), timestamp_ms);
  hub.handle_deadline(at(1'000), timestamp_ms + 1'000);
  CHECK(hub.collect(first, timestamp_ms)->frames().back() ==
        hub.collect(second, timestamp_ms)->frames().back());
  const Reading reading = take(hub, first);
  REQUIRE(reading.types() == "connected ping");
  CHECK(reading.messages[1] ==
        nlohmann::json{{"type", "ping"}, {"timestamp", timestamp_ms + 1'000}});
  CHECK(take(hub, second).types() == "connected ping");
  hub.handle_deadline(at(1'000), timestamp_ms);
  CHECK(take_bytes(hub, first).empty());
}

TEST_CASE("A heartbeat is one frame for all") {
  LiveHub hub({.heartbeat_interval = Duration{100}});
  const SubscriptionId first = hub.subscribe({}, at(0), timestamp_ms);
  const SubscriptionId second = hub.subscribe(follow(42), at(0), timestamp_ms);
  static_cast<void>(take(hub, first));
  static_cast<void>(take(hub, second));
  for (std::int64_t ms = 1; ms <= 120; ++ms) {
    hub.handle_deadline(at(ms), timestamp_ms);
  }
  REQUIRE(hub.collect(first, timestamp_ms)->frames().size() == 1);
  CHECK(hub.collect(first, timestamp_ms)->frames().front() ==
        hub.collect(second, timestamp_ms)->frames().front());
  CHECK(take_bytes(hub, first) == ": heartbeat 100\n");
}

TEST_CASE("A stream that leaves takes only its own beats along and a new one has its own") {
  LiveHub hub({.ping_interval = Duration{100}});
  std::vector<SubscriptionId> ids;
  for (std::int64_t index = 0; index < 5; ++index) {
    ids.push_back(hub.subscribe({}, at(index), timestamp_ms));
  }
  hub.unsubscribe(ids[2]);
  hub.unsubscribe(ids[0]);
  hub.unsubscribe(ids[4]);
  const SubscriptionId late = hub.subscribe({}, at(99), timestamp_ms);
  hub.handle_deadline(at(103), timestamp_ms);
  CHECK(take(hub, ids[1]).types() == "connected ping");
  CHECK(take(hub, ids[3]).types() == "connected ping");
  hub.handle_deadline(at(199), timestamp_ms);
  CHECK_THAT(take(hub, late).types(), Catch::StartsWith("connected ping"));
}

TEST_CASE("An interval of nothing ends all the same") {
  LiveHub hub({.ping_interval = Duration{0}, .heartbeat_interval = Duration{1}});
  const SubscriptionId first = hub.subscribe({}, at(0), timestamp_ms);
  const SubscriptionId second = hub.subscribe({}, at(0), timestamp_ms);
  hub.handle_deadline(at(1), timestamp_ms);
  CHECK(take(hub, first).types() == "connected ping");
  CHECK(take(hub, second).types() == "connected ping");
}

TEST_CASE("A ping has no id: it leaves the cursor where it is") {
  LiveHub hub({.ping_interval = Duration{100}});
  const SubscriptionId id = hub.subscribe({}, at(0), timestamp_ms);
  static_cast<void>(take(hub, id));
  hub.handle_deadline(at(100), timestamp_ms);
  CHECK_THAT(take_bytes(hub, id), Catch::StartsWith("data: {\"type\":\"ping\""));
}

TEST_CASE("A reader that does not read gets few pings and no heartbeat") {
  LiveHub hub({.ping_interval = Duration{100},
               .heartbeat_interval = Duration{20},
               .outbox_bytes_max = 300});
  const SubscriptionId id = hub.subscribe({}, at(0), timestamp_ms);
  for (std::int64_t ms = 1; ms <= 100'000; ++ms) {
    hub.handle_deadline(at(ms), timestamp_ms);
    REQUIRE(hub.collect(id, timestamp_ms)->bytes_waiting() < 400);
  }
  const Reading reading = take(hub, id);
  CHECK(reading.comments == 1);
  CHECK_THAT(reading.types(), Catch::StartsWith("connected ping ping"));
  hub.handle_deadline(at(200'000), timestamp_ms);
  CHECK(take(hub, id).types() == "ping");
}

TEST_CASE("A peer is given up after three heartbeats within reason") {
  CHECK(HubOptions{}.peer_timeout() == Duration{30'000});
  CHECK(HubOptions{.heartbeat_interval = Duration{4'000}}.peer_timeout() == Duration{12'000});
  CHECK(HubOptions{.heartbeat_interval = Duration{10}}.peer_timeout() == Duration{10'000});
  CHECK(HubOptions{.heartbeat_interval = Duration{3'600'000}}.peer_timeout() == Duration{60'000});
}
