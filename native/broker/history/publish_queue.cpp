#include "broker/history/publish_queue.hpp"

#include <algorithm>
#include <utility>

namespace regstream::broker {

std::optional<PublishError> PublishQueue::push(std::string message, std::string key,
                                               PublishHandler& done, Patience patience) {
  if (auto problem = size_problem(message, key, limits_); !problem.empty()) {
    return PublishError{std::move(problem)};
  }
  // Those that were in flight may exceed the limit when they wait again.
  if (waiting() >= limits_.waiting_max ||
      waiting_bytes_ + message.size() > limits_.waiting_bytes_max) {
    return PublishError{"the update was dropped, since " + std::to_string(waiting()) + " others (" +
                        std::to_string(waiting_bytes_) +
                        " bytes) wait for redis already: bring redis back"};
  }
  waiting_bytes_ += message.size();
  waiting_.push_back({std::move(message), std::move(key), std::move(done), patience, std::nullopt});
  return std::nullopt;
}

const PublishQueue::Publish* PublishQueue::take(Instant now) {
  if (in_flight_.empty()) {
    wait_again(held_back_);
    is_refused_before_ = false;
  } else if (!held_back_.empty() || is_refused_before_) {
    return nullptr;
  }
  if (waiting_.empty() || in_flight_.size() >= limits_.in_flight_max) {
    return nullptr;
  }
  waiting_bytes_ -= waiting_.front().message.size();
  auto& taken = in_flight_.emplace_back(std::move(waiting_.front()));
  waiting_.pop_front();
  if (!taken.first_sent) {
    taken.first_sent = now;
  }
  return &taken;
}

std::string_view PublishQueue::key_before() const {
  return in_flight_.size() < 2 ? std::string_view{} : in_flight_[in_flight_.size() - 2].key;
}

PublishHandler PublishQueue::answered() {
  if (in_flight_.empty()) {
    return {};
  }
  PublishHandler done = std::move(in_flight_.front().done);
  in_flight_.pop_front();
  return done;
}

void PublishQueue::hold_back() {
  if (in_flight_.empty()) {
    return;
  }
  auto& held = held_back_.emplace_back(std::move(in_flight_.front()));
  in_flight_.pop_front();
  waiting_bytes_ += held.message.size();
  if (!held.is_uncertain) {
    held.first_sent.reset();
    is_refused_before_ = true;
  }
}

void PublishQueue::lost() {
  for (auto& publish : in_flight_) {
    waiting_bytes_ += publish.message.size();
    publish.is_uncertain = publish.is_uncertain || !is_refused_before_;
    if (!publish.is_uncertain) {
      publish.first_sent.reset();
    }
  }
  wait_again(in_flight_);
  wait_again(held_back_);
  is_refused_before_ = false;
}

void PublishQueue::wait_again(std::deque<Publish>& publishes) {
  for (; !publishes.empty(); publishes.pop_back()) {
    waiting_.push_front(std::move(publishes.back()));
  }
}

std::vector<PublishHandler> PublishQueue::withdraw() {
  std::vector<PublishHandler> handlers;
  const auto stays = [](const Publish& publish) {
    return publish.patience == Patience::waits || publish.is_uncertain;
  };
  for (auto* const publishes : {&held_back_, &waiting_}) {
    const auto end = std::stable_partition(publishes->begin(), publishes->end(), stays);
    for (auto leaving = end; leaving != publishes->end(); ++leaving) {
      waiting_bytes_ -= leaving->message.size();
      handlers.push_back(std::move(leaving->done));
    }
    publishes->erase(end, publishes->end());
  }
  return handlers;
}

std::vector<PublishHandler> PublishQueue::expired(Instant now) {
  wait_again(held_back_);
  std::vector<PublishHandler> handlers;
  while (!waiting_.empty() && waiting_.front().first_sent &&
         now - *waiting_.front().first_sent > resend_max_) {
    waiting_bytes_ -= waiting_.front().message.size();
    handlers.push_back(std::move(waiting_.front().done));
    waiting_.pop_front();
  }
  return handlers;
}

}  // namespace regstream::broker
