#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "hub/delay_histogram.hpp"
#include "hub/stream_pump.hpp"
#include "hub_reading.hpp"
#include "refusal.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

constexpr std::uint64_t epoch = LiveHub::epoch;

Moment at(std::int64_t now_ms) {
  return {.now = Instant{Duration{now_ms}}, .timestamp_ms = 1'700'000'000'000 + now_ms};
}

std::string published_at(std::int64_t now_ms) {
  return R"({"registrationId":42,"status":"PENDING","message":"m","timestamp":)" +
         std::to_string(at(now_ms).timestamp_ms) + "}";
}

/// Takes `room` bytes of each stream.
struct Sockets {
  std::size_t room = SIZE_MAX;

  Written write(SubscriptionId /*id*/, Outbox& outbox) {
    const std::size_t taken = std::min(room, outbox.bytes_waiting());
    room -= room == SIZE_MAX ? 0 : taken;
    outbox.consume(taken);
    return outbox.empty() ? Written::everything : Written::waiting;
  }
  static void write_later(SubscriptionId /*id*/) {}
  static void close(SubscriptionId /*id*/, StreamEnd /*end*/, std::string_view /*error*/) {}
};

/// A pump of a history that is live and empty, whose flushes take a time that the test chooses.
struct Pump {
  explicit Pump(StreamPumpOptions options = {}) : pump(options) {
    pump.on_history({.epoch = epoch, .sequence = 0});
    pump.on_live(at(0));
  }

  void publish(std::int64_t now_ms, const std::string& message) {
    ++published;
    REQUIRE_FALSE(pump.on_message({.epoch = epoch, .sequence = published}, message, at(now_ms)));
  }
  void flush(std::int64_t from_ms, std::int64_t to_ms) {
    pump.on_flush_due();
    while (pump.poll()) {
    }
    pump.flush(at(from_ms), sockets);
    pump.on_flushed(at(to_ms));
  }
  [[nodiscard]] std::uint64_t bursts() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : pump.delays().since_heard.counts()) {
      sum += count;
    }
    return sum;
  }

  StreamPump pump;
  Sockets sockets;
  std::uint64_t published = 0;
};

}  // namespace

TEST_CASE("Delays are counted by ranges whose ends belong to them") {
  DelayHistogram delays;
  for (const int ms : {-5, 0, 1, 2, 5, 10'000, 10'001}) {
    delays.add(Duration{ms});
  }
  CHECK(delays.counts()[0] == 3);
  CHECK(delays.counts()[1] == 2);
  CHECK(delays.counts()[11] == 1);
  CHECK(delays.counts()[12] == 1);
  CHECK(delays.sum() == Duration{20'009});
}

TEST_CASE("A burst's delay is from its first update to the end of its flush") {
  Pump pump;
  static_cast<void>(pump.pump.open(follow({}, {}), at(0)));
  pump.flush(0, 0);
  CHECK(pump.bursts() == 0);
  pump.publish(100, published_at(40));
  pump.publish(103, published_at(103));
  pump.flush(104, 107);
  CHECK(pump.bursts() == 1);
  CHECK(pump.pump.delays().since_heard.sum() == Duration{7});
  CHECK(pump.pump.delays().since_published.sum() == Duration{67});
  pump.flush(108, 200);
  CHECK(pump.bursts() == 1);
}

TEST_CASE("A flush of several turns is one delay to the last stream's turn") {
  Pump pump({.slice_streams_max = 1});
  static_cast<void>(pump.pump.open(follow({}, {}), at(0)));
  static_cast<void>(pump.pump.open(follow({}, {}), at(0)));
  for (int turn = 0; turn < 3; ++turn) {
    pump.flush(0, 0);
  }
  pump.publish(10, published_at(10));
  pump.flush(10, 12);
  CHECK(pump.bursts() == 0);
  pump.flush(12, 14);
  CHECK(pump.bursts() == 1);
  CHECK(pump.pump.delays().since_heard.sum() == Duration{4});
}

TEST_CASE("A delay ends with the streams of its own update even if others always wait") {
  Pump pump({.slice_streams_max = 1});
  static_cast<void>(pump.pump.open(follow({}, {}), at(0)));
  static_cast<void>(pump.pump.open(follow({}, {}), at(0)));
  pump.flush(0, 0);
  pump.flush(0, 0);
  for (int burst = 1; burst <= 3; ++burst) {
    const std::int64_t heard_ms = 10 * burst;
    pump.publish(heard_ms, published_at(heard_ms));
    pump.flush(heard_ms, heard_ms + 2);
    pump.publish(heard_ms + 2, published_at(heard_ms + 2));
    CHECK(pump.bursts() == static_cast<std::uint64_t>(burst - 1));
    pump.flush(heard_ms + 2, heard_ms + 4);
    CHECK(pump.bursts() == static_cast<std::uint64_t>(burst));
    CHECK(pump.pump.delays().since_heard.sum() == Duration{4 * burst});
  }
}

TEST_CASE("Updates without readers and timestamps of another clock are not counted as delays") {
  Pump pump;
  static_cast<void>(pump.pump.open(follow({7}, {}), at(0)));
  pump.flush(0, 0);
  pump.publish(10, published_at(10));
  pump.flush(20, 20);
  CHECK(pump.bursts() == 0);

  static_cast<void>(pump.pump.open(follow({}, {}), at(20)));
  pump.flush(20, 20);
  pump.publish(30, R"({"registrationId":42,"status":"PENDING","timestamp":1702493000})");
  pump.publish(30, published_at(1));
  pump.flush(30, 31);
  CHECK(pump.bursts() == 1);
  CHECK(pump.pump.delays().since_published.sum() == Duration{0});
  pump.publish(40, published_at(90));  // Its clock is ahead.
  pump.flush(40, 41);
  CHECK(pump.pump.delays().since_published.counts()[0] == 1);
}

TEST_CASE("The backlog sums up what sockets have not accepted and forgets closed streams") {
  Pump pump;
  const SubscriptionId first = pump.pump.open(follow({}, {}), at(0));
  const SubscriptionId second = pump.pump.open(follow({}, {}), at(0));
  pump.flush(0, 0);
  CHECK(pump.pump.hub().backlog().streams == 0);
  const std::uint64_t written = pump.pump.written_bytes();
  CHECK(written > 0);

  pump.sockets.room = 10;
  pump.publish(10, published_at(10));
  pump.flush(10, 10);
  CHECK(pump.pump.written_bytes() == written + 10);
  CHECK(pump.pump.hub().backlog().streams == 2);
  const std::uint64_t waiting = pump.pump.hub().backlog().bytes;

  pump.sockets.room = SIZE_MAX;
  pump.pump.on_writable(first, at(11), pump.sockets);
  CHECK(pump.pump.hub().backlog().streams == 1);
  CHECK(pump.pump.written_bytes() + pump.pump.hub().backlog().bytes == written + 10 + waiting);
  pump.pump.on_peer_closed(second);
  CHECK(pump.pump.hub().backlog().streams == 0);
  CHECK(pump.pump.hub().backlog().bytes == 0);
}

TEST_CASE("Refusals because of a drain have their own count") {
  Pump pump({.streams = std::make_shared<StreamCount>(0)});
  CHECK(refusal_of(pump.pump) == StreamRefusal::full);
  pump.pump.drain(Duration::zero(), at(0));
  CHECK(refusal_of(pump.pump) == StreamRefusal::draining);
  CHECK(pump.pump.streams_refused() == 1);
  CHECK(pump.pump.streams_refused_draining() == 1);
}
