// A publish line with a simulated Redis, on random schedules. Connections break while calls are on
// their way, Redis may still execute those at any later time, and it refuses writes for a while.
// Whatever happens, each publish ends once, and the history has the acknowledged updates once and
// in order, and no refused ones.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include <regstream/random.hpp>

#include "broker/history/history_command.hpp"
#include "broker/history/publish_line.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/simulated_redis.hpp"
#include "simulation/world.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: every command and reply.
using regstream::Duration;
using regstream::EventId;
using regstream::Instant;
using regstream::Random;
using regstream::simulation::FaultPlan;
using regstream::simulation::SimulatedRedis;
using regstream::simulation::World;

constexpr std::uint64_t seeds = 3'000;
constexpr int steps = 120;
constexpr Duration resend_max{60'000};
constexpr regstream::BackoffOptions backoff{Duration{100}, Duration{400}};

std::string text_of(std::size_t number) {
  return R"({"number":)" + std::to_string(number) + '}';
}

FaultPlan roomy() {
  FaultPlan plan;
  plan.history_length_max = 100'000;
  return plan;
}

PublishLimits limits_of(Random& random) {
  return {.waiting_max = 12,
          .batch_updates_max = 1 + random.up_to(3),
          .batches_in_flight_max = 1 + random.up_to(4)};
}

class Schedule {
 public:
  explicit Schedule(std::uint64_t seed)
      : random_(seed), line_(limits_of(random_), resend_max, backoff, seed) {
    line_.on_up();
  }

  void run() {
    for (int step = 0; step < steps; ++step) {
      act(random_.up_to(19));
      end();
    }
    redis_.refuse_writes(false);
    if (!line_.is_up()) {
      line_.on_up();
    }
    while (line_.queue().waiting() + line_.queue().in_flight() > 0) {
      send();
      while (!calls_.empty() || !answers_.empty()) {
        execute();
        deliver();
        end();
      }
      now_ = line_.next_deadline().value_or(now_);
      end();
    }
    while (!late_.empty()) {
      execute_late();
    }
  }

  void check() {
    const auto reply = answer(ReadHistory{.from = std::nullopt, .bytes_max = 1U << 30U});
    std::map<std::string, EventId> entered;
    std::vector<std::string> order;
    for (const HistoryEntry& entry : std::get<HistoryPage>(reply).entries) {
      const std::string text = entry.message.substr(0, entry.message.find(",\"id\"")) + '}';
      CHECK(entered.emplace(text, entry.id).second);
      order.push_back(text);
    }
    std::vector<std::string> expected;
    for (std::size_t number = 0; number < results_.size(); ++number) {
      REQUIRE(results_[number]);
      const auto found = entered.find(text_of(number));
      const auto* const id = std::get_if<EventId>(&*results_[number]);
      if (id != nullptr) {
        CHECK((found != entered.end() && found->second == *id));
      } else if (!is_unknown_[number]) {
        CHECK(found == entered.end());
      }
      if (found != entered.end()) {
        expected.push_back(text_of(number));
      }
    }
    CHECK(order == expected);
  }
  [[nodiscard]] std::size_t published() const { return results_.size(); }

 private:
  void act(std::uint64_t kind) {
    if (kind < 6) {
      push();
    } else if (kind < 9) {
      send();
    } else if (kind < 13) {
      execute();
    } else if (kind < 15) {
      deliver();
    } else if (kind < 16) {
      execute_late();
    } else if (kind < 17) {
      redis_.refuse_writes(random_.up_to(2) == 0);
    } else if (kind < 18) {
      now_ +=
          Duration{static_cast<std::int64_t>(random_.up_to(random_.up_to(9) == 0 ? 70'000 : 500))};
    } else if (line_.is_up()) {
      lose();
    } else {
      line_.on_up();
    }
  }
  void push() {
    const std::size_t number = results_.size();
    results_.emplace_back();
    is_unknown_.push_back(false);
    PublishHandler done = [this, number](const PublishResult& result) {
      CHECK_FALSE(results_[number]);
      results_[number] = result;
    };
    const auto patience = random_.up_to(3) == 0 ? Patience::refuses : Patience::waits;
    const std::string key = random_.up_to(3) == 0 ? "key " + std::to_string(number) : "";
    if (const auto error = line_.push(text_of(number), key, done, patience)) {
      results_[number] = *error;
    }
  }
  void send() {
    while (const auto* const batch = line_.next(now_)) {
      PublishBatch call{.publisher = "p",
                        .first = batch->first,
                        .is_first_in_line = batch->is_first_in_line,
                        .updates = {}};
      for (const auto& publish : batch->publishes) {
        call.updates.push_back({.message = publish.message, .key = publish.key});
      }
      calls_.push_back(std::move(call));
    }
  }
  HistoryReply answer(ScriptMode mode) {
    const HistoryCommand call =
        ScriptCall{.mode = std::move(mode), .known = {}, .is_durable = std::nullopt};
    return redis_.answer(call);
  }
  void execute() {
    if (!calls_.empty()) {
      answers_.push_back(answer(std::move(calls_.front())));
      calls_.pop_front();
    }
  }
  void execute_late() {
    if (!late_.empty()) {
      auto& calls = late_[random_.up_to(late_.size() - 1)];
      static_cast<void>(answer(std::move(calls.front())));
      calls.pop_front();
      std::erase_if(late_, [](const auto& each) { return each.empty(); });
    }
  }
  void deliver() {
    if (answers_.empty()) {
      return;
    }
    HistoryReply reply = std::move(answers_.front());
    answers_.pop_front();
    if (auto* const published = std::get_if<Published>(&reply)) {
      REQUIRE(published->results.size() == line_.queue().due());
      line_.on_accepted(std::move(published->results));
      line_.on_acknowledged();
    } else if (std::holds_alternative<OutOfOrder>(reply)) {
      line_.on_out_of_order();
    } else {
      // No batch is refused for good here: its number would be given up then.
      REQUIRE(std::get<Refused>(reply).failure.passing != nullptr);
      line_.on_refused_in_passing(now_);
    }
  }
  void lose() {
    if (!calls_.empty()) {
      late_.push_back(std::move(calls_));
    }
    calls_.clear();
    answers_.clear();
    line_.on_down(now_);
  }
  void end() {
    while (auto ended = line_.poll_ended()) {
      if (ended->is_unknown) {
        const auto before = results_;
        ended->done(ended->result);
        for (std::size_t number = 0; number < results_.size(); ++number) {
          is_unknown_[number] = is_unknown_[number] || (results_[number] && !before[number]);
        }
      } else {
        ended->done(ended->result);
      }
    }
  }

  Random random_;
  World world_{1, 0};
  const FaultPlan plan_ = roomy();
  SimulatedRedis redis_{world_, nullptr, plan_, std::nullopt};
  PublishLine line_;
  Instant now_{Duration{5'000}};
  std::deque<PublishBatch> calls_;              // On their way to Redis.
  std::deque<HistoryReply> answers_;            // On their way back.
  std::vector<std::deque<PublishBatch>> late_;  // Calls of lost connections.
  std::vector<std::optional<PublishResult>> results_;
  std::vector<bool> is_unknown_;
};

}  // namespace

TEST_CASE("each publish ends once and the history has what was acknowledged in order and once") {
  std::size_t published = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    CAPTURE(seed);
    Schedule schedule{seed};
    schedule.run();
    schedule.check();
    published += schedule.published();
  }
  CHECK(published > 10 * seeds);
}
