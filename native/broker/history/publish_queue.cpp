#include "broker/history/publish_queue.hpp"

#include <iterator>
#include <utility>

namespace regstream::broker {

std::optional<PublishError> PublishQueue::push(std::string message, PublishKey key,
                                               PublishHandler& done, Patience patience) {
  if (auto problem = size_problem(message, key.text, limits_); !problem.empty()) {
    return PublishError{std::move(problem)};
  }
  // Those that were in flight may exceed the limit when they wait again.
  if (waiting() >= limits_.waiting_max ||
      waiting_bytes_ + message.size() > limits_.waiting_bytes_max) {
    return PublishError{"the update was dropped, since " + std::to_string(waiting()) + " others (" +
                        std::to_string(waiting_bytes_) +
                        " bytes) wait for redis already: bring redis back"};
  }
  std::list<Publish> taken_in(1);  // Before anything is moved from: there may be no memory.
  taken_in.front() = {.message = std::move(message),
                      .key = std::move(key),
                      .done = std::move(done),
                      .patience = patience,
                      .first_sent = std::nullopt};
  waiting_bytes_ += taken_in.front().message.size();
  waiting_.splice(waiting_.end(), taken_in);
  return std::nullopt;
}

const PublishQueue::Publish* PublishQueue::take(Instant now) noexcept {
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
  move_first(waiting_, in_flight_);
  Publish& taken = in_flight_.back();
  if (!taken.first_sent) {
    taken.first_sent = now;
  }
  return &taken;
}

std::vector<std::string> PublishQueue::keys_before() const {
  std::vector<std::string> keys;
  bool is_whole = in_flight_.size() < 2;
  for (auto before = std::next(in_flight_.rbegin(), is_whole ? 0 : 1); !is_whole; ++before) {
    keys.push_back(before->key.text);
    is_whole = before->key.is_own || std::next(before) == in_flight_.rend();
  }
  return keys;
}

PublishHandler PublishQueue::answered() noexcept {
  if (in_flight_.empty()) {
    return {};
  }
  PublishHandler done = std::move(in_flight_.front().done);
  in_flight_.pop_front();
  return done;
}

void PublishQueue::hold_back() noexcept {
  if (in_flight_.empty()) {
    return;
  }
  move_first(in_flight_, held_back_);
  Publish& held = held_back_.back();
  waiting_bytes_ += held.message.size();
  if (!held.is_uncertain) {
    held.first_sent.reset();
    is_refused_before_ = true;
  }
}

void PublishQueue::lost() noexcept {
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

void PublishQueue::wait_again(std::list<Publish>& publishes) noexcept {
  waiting_.splice(waiting_.begin(), publishes);
}

void PublishQueue::move_first(std::list<Publish>& from, std::list<Publish>& to) noexcept {
  to.splice(to.end(), from, from.begin());
}

std::list<PublishQueue::Publish> PublishQueue::withdraw() noexcept {
  std::list<Publish> leaving;
  for (auto* const publishes : {&held_back_, &waiting_}) {
    for (auto next = publishes->begin(); next != publishes->end();) {
      const auto publish = next++;
      if (publish->patience == Patience::refuses && !publish->is_uncertain) {
        waiting_bytes_ -= publish->message.size();
        leaving.splice(leaving.end(), *publishes, publish);
      }
    }
  }
  return leaving;
}

std::list<PublishQueue::Publish> PublishQueue::expired(Instant now) noexcept {
  wait_again(held_back_);
  std::list<Publish> leaving;
  while (!waiting_.empty() && waiting_.front().first_sent &&
         now - *waiting_.front().first_sent > resend_max_) {
    waiting_bytes_ -= waiting_.front().message.size();
    move_first(waiting_, leaving);
  }
  return leaving;
}

}  // namespace regstream::broker
