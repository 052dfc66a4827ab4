#include "broker/history_relay.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "running_loops.hpp"

using namespace regstream;
using namespace regstream::broker;

namespace {

constexpr std::uint64_t epoch = 1'702'492'000'000;

std::string id(std::uint64_t sequence) {
  return to_string(EventId{.epoch = epoch, .sequence = sequence});
}

/// A history that the test controls, on the first loop.
class Source final : public Feed {
 public:
  Source() : Feed(registration_workflow()) {}

  void subscribe(Subscriber& subscriber) override { hears = &subscriber; }
  void catch_up() override { ++catch_ups; }
  [[nodiscard]] std::string loss_reason() const override { return reason; }

  void tell(std::size_t count, std::size_t bytes = 10) {
    for (std::size_t one = 0; one < count; ++one) {
      ++last;
      hears->on_message({.epoch = epoch, .sequence = last}, id(last) + std::string(bytes, '.'));
    }
  }

  Subscriber* hears = nullptr;
  std::uint64_t last = 0;
  int catch_ups = 0;
  std::string reason;
};

/// Records what it gets, on its own loop.
class Listener final : public Subscriber {
 public:
  explicit Listener(Feed& from) : feed(from) { feed.subscribe(*this); }

  void on_history(EventId position) override { hear("history " + to_string(position)); }
  void on_message(EventId id, std::string_view message) override {
    if (throws_at == id.sequence) {
      throw std::runtime_error("a message");
    }
    if (meets) {
      meets(id.sequence);
    }
    ++messages;
    messages.notify_all();
    // Identified by its text, which must fit its id.
    hear(message.starts_with(to_string(id) + '.') ? to_string(id) : "another message");
  }
  void on_live() override {
    if (throws_live) {
      throws_live = false;
      throw std::runtime_error("live");
    }
    hear("live " + feed.loss_reason());
  }
  void on_caught_up() override { hear("caught up"); }

  void hear(const std::string& what) {
    if (thread == std::thread::id()) {
      thread = std::this_thread::get_id();
    }
    is_one_thread = is_one_thread && thread == std::this_thread::get_id();
    heard.push_back(what);
  }

  Feed& feed;
  std::vector<std::string> heard;
  std::atomic<std::uint64_t> messages = 0;
  std::thread::id thread;
  bool is_one_thread = true;
  std::uint64_t throws_at = 0;
  bool throws_live = false;
  std::function<void(std::uint64_t)> meets;
};

struct Bench {
  explicit Bench(std::size_t count) : running(count) {
    std::vector<boost::asio::io_context*> contexts;
    for (std::size_t loop = 0; loop < count; ++loop) {
      contexts.push_back(&running.loops[loop]);
    }
    relay = std::make_unique<HistoryRelay>(source, contexts);
    for (std::size_t loop = 0; loop < count; ++loop) {
      listeners.push_back(std::make_unique<Listener>(relay->feed(loop)));
    }
  }
  ~Bench() { running.end(); }

  /// Returns when the first loop and the other loops have got everything so far.
  void settle() {
    running.on(0, [] {});  // The turn in which it arrived,
    running.on(0, [] {});  // and the one in which it is passed on.
    running.settle();
  }

  Source source;
  test::RunningLoops running;
  std::unique_ptr<HistoryRelay> relay;
  std::vector<std::unique_ptr<Listener>> listeners;
};

}  // namespace

TEST_CASE("every loop gets the whole history in order and on its own thread") {
  Bench bench(4);
  bench.running.begin();
  bench.running.on(0, [&] {
    bench.source.hears->on_history({.epoch = epoch, .sequence = 0});
    bench.source.tell(3);
    bench.source.reason = "Somebody flushed it";
    bench.source.hears->on_live();
  });
  // Many turns, some with more than one batch.
  for (std::size_t turn = 0; turn < 50; ++turn) {
    bench.running.on(0, [&] { bench.source.tell(turn, turn % 7 == 0 ? 20'000 : 10); });
  }
  bench.settle();
  const std::vector<std::string>& first = bench.listeners.front()->heard;
  REQUIRE(first.size() == 5 + 49 * 50 / 2);
  CHECK(first[0] == "history " + id(0));
  CHECK(first[4] == "live Somebody flushed it");
  CHECK(first.back() == id(bench.source.last));
  for (const auto& listener : bench.listeners) {
    CHECK(listener->heard == first);
    CHECK(listener->is_one_thread);
  }
  CHECK(bench.listeners[1]->thread != bench.listeners[2]->thread);
}

TEST_CASE("loops that catch up share one read and an earlier read answers none") {
  Bench bench(3);
  bench.running.begin();
  const auto answers_of = [&](std::size_t loop) {
    return bench.running.on(loop, [&] { return bench.listeners[loop]->heard.size(); });
  };
  for (const std::size_t loop : {0U, 1U}) {
    bench.running.on(loop, [&] { bench.listeners[loop]->feed.catch_up(); });
  }
  bench.settle();
  CHECK(bench.running.on(0, [&] { return bench.source.catch_ups; }) == 1);

  // The second and the third came while the first one's read was running.
  bench.running.on(2, [&] { bench.listeners[2]->feed.catch_up(); });
  bench.settle();
  bench.running.on(0, [&] { bench.source.hears->on_caught_up(); });
  bench.settle();
  CHECK(bench.running.on(0, [&] { return bench.source.catch_ups; }) == 2);
  CHECK(answers_of(0) == 1);
  CHECK(answers_of(1) == 0);
  CHECK(answers_of(2) == 0);

  bench.running.on(0, [&] { bench.source.hears->on_caught_up(); });
  bench.settle();
  CHECK(bench.running.on(0, [&] { return bench.source.catch_ups; }) == 2);
  CHECK(answers_of(0) == 1);
  CHECK(answers_of(1) == 1);
  CHECK(answers_of(2) == 1);
}

TEST_CASE("a loop that is far behind holds the first one up until it is not") {
  constexpr std::size_t megabyte = 1U << 20U;
  constexpr std::size_t count = 60;
  // What may wait, with the batch that went beyond it, and the one in the making.
  constexpr std::uint64_t ahead_max = HistoryRelay::behind_bytes_max / megabyte + 2;
  Bench bench(2);
  Listener& first = *bench.listeners[0];
  Listener& other = *bench.listeners[1];
  std::uint64_t ahead = 0;
  first.meets = [&](std::uint64_t told) { ahead = std::max(ahead, told - other.messages); };
  // The other one stays as far behind as it may without waiting for ever, and is slower.
  const std::string work(megabyte, '.');
  std::size_t done = 0;
  other.meets = [&](std::uint64_t told) {
    for (std::uint64_t seen = first.messages; seen < std::min<std::uint64_t>(told + 14, count);
         seen = first.messages) {
      first.messages.wait(seen);
    }
    for (int time = 0; time < 100; ++time) {
      if (work.find('!') == std::string::npos) {
        ++done;
      }
    }
  };
  bench.running.begin();
  bench.running.on(0, [&] { bench.source.tell(count, megabyte); });
  bench.settle();
  CHECK(other.heard == first.heard);
  CHECK(done == 100 * count);
  CHECK(ahead >= 14);
  CHECK(ahead <= ahead_max);
}

TEST_CASE("an exception of a subscriber costs only its message") {
  Bench bench(2);
  Listener& other = *bench.listeners[1];
  other.throws_at = 2;
  other.throws_live = true;
  bench.running.begin();
  bench.running.on(0, [&] {
    bench.source.hears->on_history({.epoch = epoch, .sequence = 0});
    bench.source.tell(3);
    bench.source.hears->on_live();
  });
  bench.settle();
  bench.settle();  // Each exception takes a turn more.
  bench.settle();
  CHECK(other.heard == std::vector<std::string>{"history " + id(0), id(1), id(3), "live "});
}
