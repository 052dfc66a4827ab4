#include "broker/history/publish_queue.hpp"

#include <utility>

namespace regstream::broker {

std::optional<PublishError> PublishQueue::push(std::string message, std::string key,
                                               PublishHandler& done) {
  if (message.size() > limits_.message_bytes_max) {
    return PublishError{"the update has " + std::to_string(message.size()) +
                        " bytes, more than subscribers take in (" +
                        std::to_string(limits_.message_bytes_max) + "): make it smaller"};
  }
  if (key.size() > limits_.key_bytes_max) {
    return PublishError{"the update's key has " + std::to_string(key.size()) +
                        " bytes, more than redis is to keep (" +
                        std::to_string(limits_.key_bytes_max) + "): make it shorter"};
  }
  // Those that were in flight may exceed the limit when they wait again.
  if (waiting_.size() >= limits_.waiting_max ||
      waiting_bytes_ + message.size() > limits_.waiting_bytes_max) {
    return PublishError{"the update was dropped, since " + std::to_string(waiting_.size()) +
                        " others (" + std::to_string(waiting_bytes_) +
                        " bytes) wait for redis already: bring redis back"};
  }
  waiting_bytes_ += message.size();
  waiting_.push_back({std::move(message), std::move(key), std::move(done), std::nullopt});
  return std::nullopt;
}

const PublishQueue::Publish* PublishQueue::take(Instant now) {
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

PublishHandler PublishQueue::answered() {
  if (in_flight_.empty()) {
    return {};
  }
  PublishHandler done = std::move(in_flight_.front().done);
  in_flight_.pop_front();
  return done;
}

void PublishQueue::lost() {
  for (; !in_flight_.empty(); in_flight_.pop_back()) {
    waiting_bytes_ += in_flight_.back().message.size();
    waiting_.push_front(std::move(in_flight_.back()));
  }
}

std::vector<PublishHandler> PublishQueue::expired(Instant now) {
  std::vector<PublishHandler> handlers;
  // Whatever was sent stands before all that was not, the oldest first.
  while (!waiting_.empty() && waiting_.front().first_sent &&
         now - *waiting_.front().first_sent > resend_max_) {
    waiting_bytes_ -= waiting_.front().message.size();
    handlers.push_back(std::move(waiting_.front().done));
    waiting_.pop_front();
  }
  return handlers;
}

}  // namespace regstream::broker
