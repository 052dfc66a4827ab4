#include "simulation/event_loop.hpp"

#include <algorithm>
#include <utility>

namespace regstream::simulation {

void EventLoop::after(Duration delay, std::uint64_t& steps, std::function<void()> event) {
  queue_.push({now_ + std::max(delay, Duration::zero()), planned_++, &steps, std::move(event)});
}

bool EventLoop::step() {
  if (queue_.empty()) {
    return false;
  }
  // The top is const to protect the queue's order. The event leaves the queue, so moving from it is
  // safe.
  const auto event = std::move(const_cast<Planned&>(queue_.top()).event);
  now_ = queue_.top().time;
  ++*queue_.top().steps;
  queue_.pop();
  event();
  return true;
}

void EventLoop::run_for(Duration span) {
  const Instant end = now_ + span;
  while (!queue_.empty() && queue_.top().time <= end) {
    step();
  }
  now_ = end;
}

}  // namespace regstream::simulation
