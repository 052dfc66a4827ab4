#include "simulation/publisher_process.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace regstream::simulation {
namespace {

/// As broker::RedisBroker has it: a key's lifetime, less what a last sending may take.
constexpr Duration resend_max{595'000};

}  // namespace

PublisherProcess::PublisherProcess(World& world, SimulatedRedis& redis, const FaultPlan& plan,
                                   std::size_t index)
    : name_("publisher " + std::to_string(index)),
      clock_(world, 0),
      queue_(broker::PublishLimits{}, resend_max),
      link_(world, redis, plan.delay_max, world.seed(),
            {.on_up = [this] { send_waiting(); }, .on_down = [this] { on_down(); }}) {
  link_.connect();
}

void PublisherProcess::publish(std::string text, bool same_key) {
  if (!same_key || last_text_.empty()) {
    ++keys_;
    last_text_ = std::move(text);
  }
  broker::PublishHandler done = [this,
                                 published = last_text_](const broker::PublishResult& result) {
    if (std::holds_alternative<EventId>(result)) {
      acknowledged_.push_back(published);
    }
  };
  if (const auto error = queue_.push(last_text_, name_ + '-' + std::to_string(keys_), done)) {
    throw Violation(name_ + ": " + error->what);
  }
  send_waiting();
}

void PublisherProcess::send_waiting() {
  while (link_.is_up()) {
    const auto* const next = queue_.take(clock_.now());
    if (next == nullptr) {
      return;
    }
    link_.call<EventId>([known = known_, key = next->key, text = next->message](
                            SimulatedRedis& redis) { return redis.publish(known, key, text); },
                        [this](EventId id) {
                          known_ = std::max(known_, id);
                          if (const auto done = queue_.answered()) {
                            done(id);
                          }
                          send_waiting();
                        });
  }
}

void PublisherProcess::on_down() {
  queue_.lost();
  for (const auto& done : queue_.expired(clock_.now())) {
    done(broker::PublishError{"nobody knows"});
  }
}

}  // namespace regstream::simulation
