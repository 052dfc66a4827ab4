#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "hub/stream_pump.hpp"
#include "hub_reading.hpp"
#include "refusal.hpp"

// A stream of some ids can't be distinguished from one beside which nothing else is published: no
// byte, no write and no flush comes from an update of another id. Only the sequences show that
// there were some.

using namespace regstream;
using namespace regstream::hub;

namespace {

/// What one stream was sent: when, and in which pieces.
struct Write {
  std::int64_t time_ms;
  std::string bytes;  ///< With `-N` for each sequence.

  friend bool operator==(const Write&, const Write&) = default;
};

// Of the event ids, which are the only text here in which a dash follows the epoch.
std::string without_sequences(const std::string& bytes) {
  static const std::string epoch = std::to_string(LiveHub::epoch) + '-';
  std::string text;
  std::size_t taken = 0;
  for (auto at = bytes.find(epoch); at != std::string::npos; at = bytes.find(epoch, taken)) {
    at += epoch.size();
    text.append(bytes, taken, at - taken).push_back('N');
    taken = bytes.find_first_not_of("0123456789", at);
  }
  return text.append(bytes, taken);
}

/// Sockets that accept and record everything.
struct Notebook {
  std::int64_t now_ms = 0;
  std::map<std::uint32_t, std::vector<Write>> writes = {};

  Written write(SubscriptionId id, Outbox& outbox) {
    std::string bytes;
    while (!outbox.empty()) {
      bytes += outbox.wire_bytes(*outbox.frames().front());
      outbox.consume(outbox.wire_bytes(*outbox.frames().front()).size());
    }
    writes[id.slot].push_back({now_ms, without_sequences(bytes)});
    return Written::everything;
  }
  void write_later(SubscriptionId /*id*/) {}
  void close(SubscriptionId id, StreamEnd /*end*/, std::string_view /*error*/) {
    writes[id.slot].push_back({now_ms, "closed"});
  }
};

/// A pump whose streams follow the ids 1 and 2, with or without updates of others between theirs.
class World {
 public:
  World(std::uint32_t seed, bool has_hidden) : random_(seed), has_hidden_(has_hidden) {
    pump_.on_history({.epoch = LiveHub::epoch, .sequence = 0});
    pump_.on_live(moment());
    perform();
  }

  std::map<std::uint32_t, std::vector<Write>> run() {
    for (int turn = 0; turn < 60; ++turn) {
      step();
      pump_.on_deadline(moment());
      end_turn();
      sockets_.now_ms += one_of(4) == 0 ? 11'000 : 700;
    }
    return sockets_.writes;
  }

 private:
  std::uint32_t one_of(std::uint32_t count) {
    return static_cast<std::uint32_t>(random_()) % count;
  }

  [[nodiscard]] Moment moment() const {
    return {.now = Instant{Duration{sockets_.now_ms}},
            .timestamp_ms = reading_timestamp_ms + sockets_.now_ms};
  }

  // The same random numbers in both worlds, whatever is hidden.
  void step() {
    hide(one_of(4));
    switch (one_of(6)) {
      case 0:
        open({.ids = {one_of(2) + 1}});
        break;
      case 1:
        open({.ids = {1, 2}, .cursor = last_own_});
        break;
      case 2:
        open({.ids = {2}, .cursor = last_own_, .until_final = true});
        break;
      case 3:
        publish(final_update(one_of(2) + 1));
        break;
      default:
        publish(stage_update(one_of(2) + 1, "t24_lookup", "started", 1));
    }
    hide(one_of(4));
  }

  void open(const SubscriptionRequest& request) {
    if (!refusal_of(pump_, request)) {
      static_cast<void>(pump_.open(request, moment()));
      perform();
    }
  }

  void hide(std::uint32_t count) {
    for (std::uint32_t index = 0; has_hidden_ && index < count; ++index) {
      hear(index % 2 == 0 ? final_update(100 + index) : stage_update(3, "status_update", "", 1));
    }
  }
  void publish(const std::string& message) {
    hear(message);
    last_own_ = LiveHub::id(sequence_);
  }
  void hear(const std::string& message) {
    ++sequence_;
    if (pump_.on_message({.epoch = LiveHub::epoch, .sequence = sequence_}, message, moment())) {
      FAIL("refused: " << message);
    }
    perform();
  }
  static std::string final_update(std::int64_t id) {
    return nlohmann::json{
        {"registrationId", id}, {"status", "APPROVED"}, {"message", "Done"}, {"timestamp", 2}}
        .dump();
  }

  void perform() {
    while (const auto action = pump_.poll()) {
      if (std::holds_alternative<Flush>(*action)) {
        pump_.flush(moment(), sockets_);
      }
    }
  }
  void end_turn() {
    pump_.on_flush_due();
    perform();
  }

  std::mt19937 random_;
  bool has_hidden_;
  StreamPump pump_;
  Notebook sockets_;
  std::uint64_t sequence_ = 0;
  std::string last_own_;
};

}  // namespace

TEST_CASE("A stream with hidden updates beside it equals one without them write by write") {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    const auto alone = World(seed, false).run();
    REQUIRE(alone.size() > 1);
    REQUIRE(World(seed, true).run() == alone);
  }
}

TEST_CASE("Hidden updates that push others out of the journal don't affect a live stream") {
  HubOptions options;
  options.journal.count_max = 4;
  LiveHub hub(options);
  const SubscriptionId id = hub.subscribe(follow(1), Instant{}, 0);
  take(hub, id);
  poll_all(hub);
  for (int count = 0; count < 100; ++count) {
    hub.publish(stage_update(2, "t24_lookup", "started", 1));
  }
  CHECK(poll_all(hub).empty());
  CHECK(take_bytes(hub, id).empty());
  hub.publish(stage_update(1, "t24_lookup", "started", 1));
  CHECK(take(hub, id).types() == "update");
}

TEST_CASE("Hidden updates also age a cursor until it gets a reset") {
  // Nothing shows any longer whether a dropped update was the reader's own.
  HubOptions options;
  options.journal.count_max = 4;
  LiveHub hub(options);
  for (int count = 0; count < 100; ++count) {
    hub.publish(stage_update(2, "t24_lookup", "started", 1));
  }
  const SubscriptionId id = hub.subscribe(follow(1, LiveHub::id(1)), Instant{}, 0);
  CHECK(take(hub, id).types() == "connected reset");
}
