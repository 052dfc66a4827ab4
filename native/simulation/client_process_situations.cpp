// Counts the situations of a client.
#include <algorithm>
#include <cstdint>

#include "simulation/client_process.hpp"
#include "simulation/guest_workflow.hpp"

namespace regstream::simulation {

void ClientProcess::count(const SessionMessage& message) const {
  const StreamMessageType type = message.content->type;
  if (type == StreamMessageType::update && message.kind == MessageKind::other) {
    const std::int64_t number = number_in(workflow_, message.content->update);
    const bool is_wanted = std::binary_search(ids_.begin(), ids_.end(), number);
    world_.count(is_wanted ? Situation::update_known : Situation::update_unwanted);
  } else if (type == StreamMessageType::end) {
    const bool is_new = stream_->request().cursor.empty() || judge_.updates() > updates_before_;
    world_.count(is_new ? Situation::end_delivered : Situation::end_delivered_again);
  }
}

void ClientProcess::count_reason(ConnectionReason reason) {
  if (reason == ConnectionReason::silent) {
    world_.count(Situation::silence_noticed);
  } else if (reason == ConnectionReason::timed_out) {
    world_.count(Situation::answer_timed_out);
  } else if (reason == ConnectionReason::woken) {
    world_.count(Situation::wait_cut_short);
  } else if (reason == ConnectionReason::told_to_stop) {
    world_.count(Situation::stream_stopped);
  } else if (reason == ConnectionReason::renewed) {
    world_.count(Situation::token_renewed);
  } else if (reason == ConnectionReason::held_back) {
    world_.count(Situation::stream_held_back);
  } else if (reason == ConnectionReason::polled) {
    world_.count(Situation::stream_tried);
  }
}

}  // namespace regstream::simulation
