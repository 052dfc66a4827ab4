#include "simulation/world.hpp"

#include <algorithm>
#include <utility>

namespace regstream::simulation {

void World::after(Duration delay, std::function<void()> event) {
  queue_.push({now_ + std::max(delay, Duration::zero()), planned_++, std::move(event)});
}

bool World::step() {
  if (queue_.empty()) {
    return false;
  }
  // The top is const for the sake of the order, which an event that goes has no say in any more.
  const auto event = std::move(const_cast<Planned&>(queue_.top()).event);
  now_ = queue_.top().time;
  queue_.pop();
  ++steps_;
  event();
  return true;
}

void World::run_for(Duration span) {
  const Instant end = now_ + span;
  while (!queue_.empty() && queue_.top().time <= end) {
    step();
  }
  now_ = end;
}

}  // namespace regstream::simulation
