#include <string>

#include "simulation/client_judge.hpp"

/// Checks the content of snapshots.
namespace regstream::simulation {

void ClientJudge::check_snapshot(std::int64_t number, const RegistrationView& view) const {
  if (truth_.can_judge(*view.id) && memory_.is_whole(*view.id) &&
      truth_.view_mark(number, *view.id) != mark_of(view, truth_.workflow())) {
    fail("the snapshot is not the truth: " + encode_view(view, truth_.workflow()));
  }
}

/// No snapshot is older than the position from which the stream continues.
void ClientJudge::check_newest(EventId position) const {
  if (!truth_.can_judge(position)) {
    return;
  }
  const EventId behind{.epoch = position.epoch, .sequence = position.sequence + 1};
  for (const auto& [number, newest] : snapshots_delivered_) {
    const auto& losses = truth_.epoch(position.epoch)->losses;
    if (newest < position && losses.empty() && truth_.between(newest, behind, number)) {
      fail("the snapshot " + to_string(newest) + " of " + std::to_string(number) +
           " is older than " + to_string(position) + ", where its stream goes on");
    }
  }
}

}  // namespace regstream::simulation
