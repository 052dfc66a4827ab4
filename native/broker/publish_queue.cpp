#include "broker/publish_queue.hpp"

#include <iterator>
#include <utility>

namespace regstream::broker {

std::optional<PublishError> PublishQueue::push(std::string message, PublishHandler& done) {
  if (message.size() > limits_.message_bytes_max) {
    return PublishError{"the update has " + std::to_string(message.size()) +
                        " bytes, more than subscribers take in (" +
                        std::to_string(limits_.message_bytes_max) + "): make it smaller"};
  }
  if (waiting_.size() >= limits_.waiting_max ||
      message.size() > limits_.waiting_bytes_max - waiting_bytes_) {
    return PublishError{"the update was dropped, since " + std::to_string(waiting_.size()) +
                        " others (" + std::to_string(waiting_bytes_) +
                        " bytes) wait for redis already: bring redis back"};
  }
  waiting_bytes_ += message.size();
  waiting_.push_back({std::move(message), std::move(done)});
  return std::nullopt;
}

std::optional<std::string> PublishQueue::take() {
  if (waiting_.empty() || in_flight_.size() >= limits_.in_flight_max) {
    return std::nullopt;
  }
  Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= next.message.size();
  in_flight_.push_back(std::move(next.done));
  return std::move(next.message);
}

PublishHandler PublishQueue::answered() {
  PublishHandler done = std::move(in_flight_.front());
  in_flight_.pop_front();
  return done;
}

std::vector<PublishHandler> PublishQueue::lost() {
  std::vector<PublishHandler> handlers(std::make_move_iterator(in_flight_.begin()),
                                       std::make_move_iterator(in_flight_.end()));
  in_flight_.clear();
  return handlers;
}

}  // namespace regstream::broker
