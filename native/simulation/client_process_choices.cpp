// How a client of the guest workflow changes its ids, and returns after an end.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "simulation/client_process.hpp"
#include "simulation/guest_workflow.hpp"

namespace regstream::simulation {

void ClientProcess::plan_change() {
  world_.after(choices_->next_change(), [this] {
    if (!is_settling_) {
      change_ids();
      plan_change();
    }
  });
}

void ClientProcess::change_ids() {
  const std::vector<std::int64_t> before = std::exchange(ids_, choices_->change_ids());
  if (ids_ == before) {
    return;
  }
  std::string numbers;
  for (const std::int64_t id : ids_) {
    numbers += ' ' + std::to_string(id);
  }
  world_.note(name_ + ": follows" + numbers);
  world_.count(Situation::ids_changed);
  attempts_.on_ids_changed(clock_.now());
  if (attempts_.changes() == 2) {
    world_.count(Situation::changes_gathered);
  }
  judge_.follow(ids_);
  check_accepted(session_->follow(instance_ids(workflow_, ids_), clock_.now()));
  carry_out();
}

void ClientProcess::plan_return(ConnectionReason reason) {
  const Return how =
      reason == ConnectionReason::told_to_stop ? Return::anew : choices_->choose_return();
  world_.after(choices_->next_return(), [this, how, due = return_] {
    if (!is_settling_ && due == return_) {
      come_back(how);
    }
  });
}

void ClientProcess::come_back(Return how) {
  if (how == Return::anew) {
    return restart(false);
  }
  if (how == Return::for_more) {
    until_final_ = false;
    world_.count(Situation::end_passed_over);
  }
  Stored stored = store();
  if (how == Return::without_end) {
    judge_.forget_end();
    stored.last_event_id.resize(stored.last_event_id.rfind("-end"));
  }
  world_.note(name_ + ": comes back behind the final update");
  start(std::move(stored));
}

void ClientProcess::count_request(const StreamRequest& request) {
  for (const std::int64_t id : request.snapshots) {
    const bool is_again =
        std::find(named_before_.begin(), named_before_.end(), id) != named_before_.end();
    world_.count(is_again ? Situation::name_repeated : Situation::snapshot_named);
  }
  named_before_ = request.snapshots;
  updates_before_ = judge_.updates();
}

}  // namespace regstream::simulation
