// Memory runs out at each of a session's allocations in turn. Redis is simulated, and answers
// everything at once.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/history/history_session.hpp"
#include "failing_allocation.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/simulated_redis.hpp"
#include "simulation/world.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: what is tested is all of it.
using regstream::Duration;
using regstream::EventId;
using regstream::Instant;
using regstream::UncountedAllocations;
using regstream::simulation::FaultPlan;
using regstream::simulation::SimulatedRedis;
using regstream::simulation::World;

/// Longer than what a string holds without an allocation.
std::string update(const std::string& name) {
  return R"({"registrationId":1,"status":"PENDING","message":")" + name + R"("})";
}

/// Does what a shell does, without sockets. RedisBroker does the same with real ones, which
/// redis_broker_memory_test.cpp runs. Here time is simulated, so that a session that waits in vain
/// is noticed at once, and the test can read all that Redis has.
class Bench {
 public:
  explicit Bench(bool follows) : follows_(follows) {
    if (follows) {
      session_.follow();
    }
  }

  void publish(const std::string& name, Patience patience = Patience::waits) {
    std::string message;
    std::string key;
    PublishHandler done;
    {
      const UncountedAllocations uncounted;
      message = update(name);
      key = name + "-by-a-key-that-needs-an-allocation";
      results_[name];
      done = [this, name](const PublishResult& result) {
        const UncountedAllocations also_uncounted;
        results_[name].push_back(result);
      };
    }
    input([&] {
      try {
        session_.publish(std::move(message), std::move(key), std::move(done), patience);
      } catch (const std::bad_alloc&) {
        done(PublishError{"out of memory"});
      }
    });
  }

  void catch_up() {
    if (!follows_) {
      return;
    }
    ++catch_ups_;
    is_catch_up_due_ = true;
    input([this] { session_.catch_up(); });
  }

  /// Another program publishes without the script; whether that counts is whether anybody listens.
  void publish_bare(const std::string& name) {
    const UncountedAllocations uncounted;
    is_bare_heard_ = subscribed_as_ == connection(LinkRole::listener).generation;
    redis.publish_bare(update(name));
  }
  /// Another process puts an update into the history.
  void publish_elsewhere(const std::string& name) {
    const UncountedAllocations uncounted;
    const HistoryCommand publish =
        ScriptCall{.mode = PublishBatch{.publisher = name,
                                        .first = 1,
                                        .updates = {{.message = update(name), .key = name}}},
                   .known = {},
                   .is_durable = {}};
    REQUIRE(std::holds_alternative<Published>(redis.answer(publish)));
  }

  /// Everything that was answered arrives.
  void run() {
    while (!events_.empty()) {
      std::function<void()> event;
      {
        const UncountedAllocations uncounted;
        event = std::move(events_.front());
        events_.pop_front();
      }
      event();
    }
  }
  void wake() {
    if (const auto deadline = session_.next_deadline()) {
      now_ = std::max(now_, *deadline);
      input([this] { session_.handle_deadline(now_); });
    }
    run();
  }
  void lose(LinkRole role) {
    close(role);
    input([this, role] { session_.on_lost(role, {RedisFailureKind::lost, "lost redis"}, now_); });
  }
  void start() {
    input([] {});
    run();
  }

  [[nodiscard]] bool is_settled() const {
    const bool has_all = std::all_of(results_.begin(), results_.end(),
                                     [](const auto& publish) { return !publish.second.empty(); });
    return has_all && session_.is_connected() && session_.queue().waiting() == 0 &&
           !is_catch_up_due_;
  }
  [[nodiscard]] std::vector<HistoryEntry> history() {
    const HistoryCommand read = ScriptCall{.mode = ReadHistory{}, .known = {}, .is_durable = {}};
    const auto reply = redis.answer(read);
    return std::get<HistoryPage>(reply).entries;
  }
  void check() {
    const auto entries = history();
    const auto count_of = [&entries](const std::string& name) {
      return std::count_if(entries.begin(), entries.end(), [&name](const HistoryEntry& entry) {
        return entry.message.find('"' + name + '"') != std::string::npos;
      });
    };
    for (const auto& [name, results] : results_) {
      CAPTURE(name);
      REQUIRE(results.size() == 1);
      REQUIRE(count_of(name) == (std::holds_alternative<EventId>(results.front()) ? 1 : 0));
    }
    if (!follows_) {
      return;
    }
    REQUIRE(position_);
    std::vector<HistoryEntry> follow;
    std::copy_if(entries.begin(), entries.end(), std::back_inserter(follow),
                 [this](const HistoryEntry& entry) { return entry.id > *position_; });
    REQUIRE(delivered_.size() == follow.size());
    for (std::size_t index = 0; index < delivered_.size(); ++index) {
      REQUIRE(delivered_[index] == follow[index].message);
    }
    const bool has_loss = std::any_of(entries.begin(), entries.end(),
                                      [](const auto& entry) { return entry.message.empty(); });
    // The entry that records a loss may be the oldest, and trimmed.
    const bool may_have_loss = has_loss || entries.front().id.sequence > 1;
    REQUIRE((!is_bare_heard_ || may_have_loss || count_of("bare") == 1));
    REQUIRE(caught_up_ <= catch_ups_);
  }

  SimulatedRedis redis{world_, nullptr, plan_, std::nullopt};

 private:
  struct Connection {
    bool is_open = false;
    std::uint64_t generation = 0;
  };

  template <typename Change>
  void input(const Change& change) {
    try {
      change();
      while (auto action = session_.poll(now_)) {
        std::visit([this](auto& wanted) { this->act(wanted); }, *action);
      }
    } catch (const std::bad_alloc&) {
      session_.on_interrupted(now_);
      for (const LinkRole role : {LinkRole::caller, LinkRole::listener, LinkRole::waiter}) {
        close(role);
      }
    }
  }
  void close(LinkRole role) {
    Connection& closed = connection(role);
    closed.is_open = false;
    ++closed.generation;
  }
  Connection& connection(LinkRole role) { return connections_.at(static_cast<std::size_t>(role)); }
  /// Unless the connection ends before.
  template <typename Event>
  void arrives(LinkRole role, Event event) {
    const UncountedAllocations uncounted;
    events_.push_back([this, role, generation = connection(role).generation, event] {
      if (connection(role).generation == generation) {
        input(event);
      }
    });
  }
  void replies(LinkRole role, const HistoryReply& reply) {
    arrives(role, [this, role, reply] {
      HistoryReply copy;
      {
        const UncountedAllocations uncounted;
        copy = reply;
      }
      session_.on_reply(role, std::move(copy), now_);
    });
  }

  void act(const Connect& connect) {
    connection(connect.link).is_open = true;
    arrives(connect.link, [this, role = connect.link] { session_.on_connected(role, now_); });
  }
  void act(const GiveUp& given_up) { close(given_up.link); }
  void act(const Call& call) {
    const UncountedAllocations uncounted;
    const LinkRole role = call.link;
    REQUIRE(connection(role).is_open);
    if (const auto* const await = std::get_if<AwaitHistory>(&call.command)) {
      redis.await(await->after,
                  [this, role, generation = connection(role).generation](AwaitedEntries entries) {
                    if (connection(role).generation == generation) {
                      replies(role, std::move(entries));
                    }
                  });
      return;
    }
    if (std::holds_alternative<SubscribeChannels>(call.command)) {
      subscribed_as_ = connection(LinkRole::listener).generation;
      redis.subscribe([this, generation = connection(role).generation](const std::string& message) {
        if (connection(LinkRole::listener).generation == generation) {
          arrives(LinkRole::listener, [this, message] { session_.on_message(message); });
        }
      });
    }
    const HistoryReply reply = redis.answer(call.command);
    for (auto left = replies_to(question_of(call.command)); left > 0; --left) {
      replies(role, reply);
    }
  }
  void act(const PauseChannel& /*pause*/) {}
  // The subscriber, which needs memory for every call.
  void act(const BeginHistory& begin) {
    position_ = begin.position;
    delivered_.clear();
    take_memory();
  }
  void act(const DeliverMessage& message) { delivered_.push_back(message.message); }
  void act(const GoLive& /*live*/) { take_memory(); }
  void act(const CaughtUp& /*caught_up*/) {
    ++caught_up_;
    is_catch_up_due_ = false;
    take_memory();
  }
  void take_memory() { memory_ = std::make_unique<int>(); }

  void act(const PublishEnded& ended) { ended.done(ended.result); }
  void act(const SessionFact& /*fact*/) {}

  static FaultPlan plan() {
    FaultPlan plan;
    plan.history_length_max = 1'000;
    return plan;
  }
  static HistorySessionOptions options() {
    HistorySessionOptions options;
    options.publisher_name = "own";
    return options;
  }

  const bool follows_;
  World world_{1, 0};
  const FaultPlan plan_ = plan();
  HistorySession session_{options()};
  Instant now_{Duration{1'000'000}};
  std::array<Connection, link_roles_count> connections_;
  std::deque<std::function<void()>> events_;
  std::map<std::string, std::vector<PublishResult>> results_;
  std::optional<EventId> position_;
  std::vector<std::string> delivered_;
  int catch_ups_ = 0;
  int caught_up_ = 0;
  bool is_catch_up_due_ = false;
  std::optional<std::uint64_t> subscribed_as_;  // Which generation of the listener.
  bool is_bare_heard_ = false;
  std::unique_ptr<int> memory_;
};

/// Everything that a session does, once.
void live_through(Bench& bench) {
  const auto uncounted = [](auto change) {
    const UncountedAllocations spared;
    change();
  };
  bench.catch_up();
  bench.start();
  bench.publish("first");
  bench.publish("second");
  bench.run();
  bench.publish_bare("bare");
  bench.run();
  uncounted([&] { bench.redis.refuse_writes(true); });
  bench.publish("refused");
  bench.publish("refused at once", Patience::refuses);
  bench.run();
  bench.publish("refused by now", Patience::refuses);
  uncounted([&] { bench.redis.refuse_writes(false); });
  bench.wake();
  bench.publish("sent twice");
  bench.publish("behind it");
  bench.lose(LinkRole::caller);  // Redis has both.
  bench.publish("last");
  bench.lose(LinkRole::listener);
  // What others publish now is not awaited: the read that catches up finds it. This is repeated
  // until deliveries have needed each kind of memory, including a list's next block.
  for (int round = 0; round < 7; ++round) {
    bench.lose(LinkRole::waiter);
    for (int count = 0; count <= round; ++count) {
      bench.publish_elsewhere(std::to_string(round) + " elsewhere " + std::to_string(count));
    }
    bench.catch_up();
    bench.wake();
  }
}

}  // namespace

TEST_CASE("A session comes back from memory that ran out anywhere and every publish ends once") {
  const bool follows = GENERATE(false, true);
  const int in_a_row = GENERATE(1, 2, 4, 8);
  int failures = 0;
  for (bool has_failed = true; has_failed; ++failures) {
    CAPTURE(follows, in_a_row, failures);
    Bench bench{follows};
    regstream::fail_allocation_after(failures, in_a_row);
    live_through(bench);
    has_failed = regstream::end_failing_allocation();
    for (int wakes = 0; wakes < 100 && !bench.is_settled(); ++wakes) {
      bench.wake();
    }
    REQUIRE(bench.is_settled());
    for (int wakes = 0; wakes < 10; ++wakes) {
      bench.wake();  // Deliveries that are still due.
    }
    bench.check();
  }
  CHECK(failures > 40);
}
