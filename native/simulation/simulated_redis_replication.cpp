// How replicas get their primary's writes: later, and in one step for each script.
#include <algorithm>
#include <utility>

#include "simulation/simulated_redis.hpp"

namespace regstream::simulation {

void SimulatedRedis::write(Change change) {
  change(data_);
  has_changed_ = true;
  if (!replicas_.empty()) {
    changes_.push_back(std::move(change));
  }
}

void SimulatedRedis::replicate() {
  if (!std::exchange(has_changed_, false)) {
    return;
  }
  ++offset_;
  if (is_authoritative_ && truth_ != nullptr) {
    truth_->settle(end());
  }
  if (replicas_.empty()) {
    return;
  }
  const auto changes = std::make_shared<const std::vector<Change>>(std::exchange(changes_, {}));
  for (const Replica& replica : replicas_) {
    replica.line->send(
        [server = replica.server, changes, offset = offset_] { server->apply(*changes, offset); });
  }
}

void SimulatedRedis::apply(const std::vector<Change>& changes, std::uint64_t offset) {
  for (const Change& change : changes) {
    change(data_);
  }
  offset_ = offset;
  acknowledge(offset);
  wake_waiters();
}

/// Acknowledges to the primary.
void SimulatedRedis::acknowledge(std::uint64_t offset) {
  for (const Replica& replica : primary_->replicas_) {
    if (replica.server == this) {
      replica.back->send(
          [this, primary = primary_, offset] { primary->on_acknowledged(*this, offset); });
    }
  }
}

void SimulatedRedis::on_acknowledged(const SimulatedRedis& replica, std::uint64_t offset) {
  for (Replica& each : replicas_) {
    if (each.server == &replica) {
      each.acknowledged = offset;
    }
  }
  std::vector<std::uint64_t> reached;
  for (const ReplicaWaiter& waiter : replica_waiters_) {
    if (replicas_with(waiter.offset) >= waiter.count) {
      reached.push_back(waiter.number);
    }
  }
  for (const std::uint64_t number : reached) {
    answer_replica_waiter(number);
  }
}

std::size_t SimulatedRedis::replicas_with(std::uint64_t offset) const {
  return static_cast<std::size_t>(
      std::count_if(replicas_.begin(), replicas_.end(),
                    [offset](const Replica& replica) { return replica.acknowledged >= offset; }));
}

void SimulatedRedis::await_replicas(const broker::AwaitReplicas& await, Reached reached) {
  const std::uint64_t number = ++replica_waits_;
  replica_waiters_.push_back(
      {.number = number, .offset = offset_, .count = await.count, .reached = std::move(reached)});
  const bool has_them = replicas_with(offset_) >= await.count;
  world_.after(has_them ? Duration{} : await.timeout,
               [this, number] { answer_replica_waiter(number); });
}

void SimulatedRedis::answer_replica_waiter(std::uint64_t number) {
  const auto found =
      std::find_if(replica_waiters_.begin(), replica_waiters_.end(),
                   [number](const ReplicaWaiter& waiter) { return waiter.number == number; });
  if (found != replica_waiters_.end()) {
    const ReplicaWaiter waiter = std::move(*found);
    replica_waiters_.erase(found);
    const std::size_t count = replicas_with(waiter.offset);
    world_.count(Situation::replicas_missed, count < waiter.count ? 1 : 0);
    waiter.reached({count});
  }
}

void SimulatedRedis::follow(SimulatedRedis& primary) {
  lose_replicas();
  primary_ = &primary;
  is_synced_ = false;
  auto line = std::make_shared<Line>(world_, plan_.replication_delay_max);
  line->send([this, data = primary.data_, offset = primary.offset_,
              replication_id = primary.replication_id_] {
    data_ = data;
    offset_ = offset;
    replication_id_ = replication_id;
    is_synced_ = true;
    acknowledge(offset);
    wake_waiters();
  });
  primary.replicas_.push_back({.server = this,
                               .line = std::move(line),
                               .back = std::make_shared<Line>(world_, plan_.replication_delay_max),
                               .acknowledged = {}});
}

void SimulatedRedis::follow_at_once(const SimulatedRedis& primary) {
  data_ = primary.data_;
  offset_ = primary.offset_;
  wake_waiters();
}

void SimulatedRedis::become_primary() {
  if (primary_ == nullptr) {
    return;
  }
  auto& siblings = primary_->replicas_;
  for (auto replica = siblings.begin(); replica != siblings.end();) {
    if (replica->server == this) {
      replica->line->cut();
      replica->back->cut();
      replica = siblings.erase(replica);
    } else {
      ++replica;
    }
  }
  primary_ = nullptr;
  change_replication_id();
}

void SimulatedRedis::lose_replicas() {
  for (const Replica& replica : replicas_) {
    replica.line->cut();
    replica.back->cut();
  }
  replicas_.clear();
}

}  // namespace regstream::simulation
