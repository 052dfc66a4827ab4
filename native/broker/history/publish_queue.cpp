#include "broker/history/publish_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace regstream::broker {

PublishQueue::PublishQueue(PublishLimits limits, Duration resend_max)
    : limits_(limits),
      resend_max_(resend_max),
      unused_(std::clamp<std::size_t>(limits.batches_in_flight_max, 1, known_batches_max)) {}

std::optional<PublishError> PublishQueue::push(std::string message, std::string key,
                                               PublishHandler& done, Patience patience) {
  if (auto problem = size_problem(message, key, limits_); !problem.empty()) {
    return PublishError{std::move(problem)};
  }
  // Updates that were in flight may exceed the limit when they wait again.
  if (waiting() >= limits_.waiting_max ||
      waiting_bytes_ + message.size() > limits_.waiting_bytes_max) {
    return PublishError{"the update was dropped, since " + std::to_string(waiting()) + " others (" +
                        std::to_string(waiting_bytes_) +
                        " bytes) wait for redis already: bring redis back"};
  }
  std::list<Publish> taken_in(1);  // Before anything is moved from, since this may run out of
                                   // memory.
  taken_in.front().message = std::move(message);
  taken_in.front().key = std::move(key);
  taken_in.front().done = std::move(done);
  taken_in.front().patience = patience;
  ++waiting_count_;
  waiting_bytes_ += taken_in.front().message.size();
  waiting_.splice(waiting_.end(), taken_in);
  return std::nullopt;
}

const PublishQueue::Batch* PublishQueue::next_batch(Instant now) noexcept {
  if (in_flight_.empty()) {
    wait_again();
  } else if (!held_batches_.empty() || !held_back_.empty() || is_refused_before_) {
    return nullptr;
  }
  const bool is_new = again_.empty();
  if (is_new && (waiting_.empty() || unused_.empty())) {
    return nullptr;
  }
  // Behind a batch in flight, Redis only accepts the number that follows it.
  const std::uint64_t first = is_new ? next_number_ : again_.front().first;
  if (!in_flight_.empty() && in_flight_.back().end() != first) {
    return nullptr;
  }
  Batches& from = is_new ? unused_ : again_;
  if (is_new) {
    fill(from.front());
  }
  in_flight_.splice(in_flight_.end(), from, from.begin());
  Batch& batch = in_flight_.back();
  waiting_count_ -= batch.publishes.size();
  waiting_bytes_ -= batch.bytes;
  in_flight_count_ += batch.publishes.size();
  batch.is_first_in_line = in_flight_.size() == 1;
  batch.first_sent = batch.first_sent.value_or(now);
  return &batch;
}

/// Fills the batch with waiting updates, up to the limits. A first update that is larger than a
/// batch goes alone.
void PublishQueue::fill(Batch& batch) noexcept {
  batch.first = next_number_;
  do {
    batch.bytes += waiting_.front().message.size();
    batch.publishes.splice(batch.publishes.end(), waiting_, waiting_.begin());
  } while (!waiting_.empty() && batch.publishes.size() < limits_.batch_updates_max &&
           batch.bytes + waiting_.front().message.size() <= limits_.batch_bytes_max);
  next_number_ = batch.end();
}

PublishQueue::Batches::iterator PublishQueue::first_due() {
  return std::find_if(in_flight_.begin(), in_flight_.end(),
                      [](const Batch& batch) { return !batch.is_accepted; });
}

std::size_t PublishQueue::due() const {
  const auto due = std::find_if(in_flight_.begin(), in_flight_.end(),
                                [](const Batch& batch) { return !batch.is_accepted; });
  return due == in_flight_.end() ? 0 : due->publishes.size();
}

void PublishQueue::accepted(std::vector<PublishResult> results) noexcept {
  const auto batch = first_due();
  if (batch == in_flight_.end() || results.size() != batch->publishes.size()) {
    return;
  }
  auto result = results.begin();
  for (Publish& publish : batch->publishes) {
    publish.result = std::move(*result++);
  }
  batch->is_accepted = true;
}

std::list<PublishQueue::Publish> PublishQueue::acknowledged() noexcept {
  if (in_flight_.empty() || !in_flight_.front().is_accepted) {
    return {};
  }
  in_flight_count_ -= in_flight_.front().publishes.size();
  return leave(in_flight_, in_flight_.begin());
}

std::list<PublishQueue::Publish> PublishQueue::refused(const PublishError& error) {
  const auto batch = first_due();
  if (batch == in_flight_.end()) {
    return {};
  }
  for (Publish& publish : batch->publishes) {
    publish.result = error;
  }
  in_flight_count_ -= batch->publishes.size();
  return leave(in_flight_, batch);
}

void PublishQueue::hold_back() noexcept {
  const auto held = first_due();
  if (held == in_flight_.end()) {
    return;
  }
  count_as_waiting(*held);
  if (held->is_uncertain) {
    held_batches_.splice(held_batches_.end(), in_flight_, held);
  } else {
    held_back_.splice(held_back_.end(), leave(in_flight_, held));
    is_refused_before_ = true;
  }
}

void PublishQueue::lost() noexcept {
  for (auto next = in_flight_.begin(); next != in_flight_.end();) {
    const auto batch = next++;
    count_as_waiting(*batch);
    batch->is_accepted = false;
    batch->is_uncertain |= !is_refused_before_;
    if (batch->is_uncertain) {
      held_batches_.splice(held_batches_.end(), in_flight_, batch);
    } else {
      held_back_.splice(held_back_.end(), leave(in_flight_, batch));
    }
  }
  wait_again();
}

void PublishQueue::count_as_waiting(const Batch& batch) noexcept {
  in_flight_count_ -= batch.publishes.size();
  waiting_count_ += batch.publishes.size();
  waiting_bytes_ += batch.bytes;
}

/// Lets everything held back wait again. Call it while nothing is in flight.
void PublishQueue::wait_again() noexcept {
  again_.splice(again_.begin(), held_batches_);
  waiting_.splice(waiting_.begin(), held_back_);
  is_refused_before_ = false;
}

/// Dissolves the batch, and returns its publishes.
std::list<PublishQueue::Publish> PublishQueue::leave(Batches& from,
                                                     Batches::iterator batch) noexcept {
  std::list<Publish> publishes = std::move(batch->publishes);
  *batch = {};
  unused_.splice(unused_.end(), from, batch);
  return publishes;
}

std::list<PublishQueue::Publish> PublishQueue::withdraw() noexcept {
  std::list<Publish> leaving;
  for (auto* const publishes : {&held_back_, &waiting_}) {
    for (auto next = publishes->begin(); next != publishes->end();) {
      const auto publish = next++;
      if (publish->patience == Patience::refuses) {
        --waiting_count_;
        waiting_bytes_ -= publish->message.size();
        leaving.splice(leaving.end(), *publishes, publish);
      }
    }
  }
  return leaving;
}

std::list<PublishQueue::Publish> PublishQueue::expired(Instant now) noexcept {
  wait_again();
  std::list<Publish> leaving;
  while (!again_.empty() && now - *again_.front().first_sent > resend_max_) {
    waiting_count_ -= again_.front().publishes.size();
    waiting_bytes_ -= again_.front().bytes;
    leaving.splice(leaving.end(), leave(again_, again_.begin()));
  }
  return leaving;
}

}  // namespace regstream::broker
