#include "simulation/redis_servers.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace regstream::simulation {
namespace {

constexpr Duration election_max{5'000};
constexpr Duration away_max{20'000};
constexpr Duration word_max{3'000};

}  // namespace

RedisServers::RedisServers(World& world, Truth* truth, const FaultPlan& plan,
                           std::optional<Canary> canary)
    : world_(world), truth_(truth) {
  if (plan.servers == 1) {
    servers_.push_back(std::make_unique<SimulatedRedis>(world, truth, plan, canary));
    return;
  }
  for (std::size_t index = 0; index < plan.servers; ++index) {
    servers_.push_back(std::make_unique<SimulatedRedis>(
        world, truth, plan, canary, "server " + std::to_string(index) + ", ", &replication_ids_));
    if (index > 0) {
      servers_.back()->follow(*servers_.front());
    }
  }
  sentinels_.resize(plan.servers);
  primary().set_authoritative(true);
}

broker::FinderOptions RedisServers::finder() const {
  broker::FinderOptions options;
  options.server = {.host = "redis", .port = 1};
  if (!sentinels_.empty()) {
    options.topology = broker::Topology::sentinel;
    options.primary_name = "primary";
    options.asked = {{.host = "sentinel", .port = 1}};  // Others are learned.
  }
  return options;
}

broker::ServerLocation RedisServers::ask_sentinel(const broker::RedisAddress& address) {
  const Sentinel& sentinel = sentinels_.at(address.port - 1U);
  if (sentinel.primary != primary_) {
    world_.count(Situation::sentinel_behind);
  }
  broker::ServerLocation location;
  location.primary = broker::RedisAddress{.host = "redis",
                                          .port = static_cast<std::uint16_t>(sentinel.primary + 1)};
  location.config_epoch = sentinel.config_epoch;
  for (std::size_t index = 0; index < sentinels_.size(); ++index) {
    location.others.push_back({.host = "sentinel", .port = static_cast<std::uint16_t>(index + 1)});
  }
  return location;
}

bool RedisServers::fail_over(Fault fault, Chance chance, const Down& on_down) {
  const std::size_t old = primary_;
  const std::size_t next =
      (old + 1 + chance.index(std::max<std::size_t>(servers_.size() - 1, 1))) % servers_.size();
  if (promote_ || bring_back_ || !servers_[next]->is_synced()) {
    return false;
  }
  SimulatedRedis& server = *servers_[old];
  const Duration election = chance.between(Duration{1}, election_max);
  const Duration away = election + chance.between(Duration{1}, away_max);
  const bool is_sentinel_apart = chance.chance(500);
  std::vector<Duration> words(sentinels_.size());
  std::generate(words.begin(), words.end(), [&chance] { return chance.between({}, word_max); });
  world_.note("fault: " + std::string{to_string(fault)});
  promote_ = [this, old, next, words, fault, is_sentinel_apart] {
    promote(next);
    for (std::size_t sentinel = 0; sentinel < sentinels_.size(); ++sentinel) {
      const bool is_apart = sentinel == old && is_sentinel_apart && fault == Fault::cut_off_primary;
      if (!is_apart) {
        inform_sentinel_later(sentinel, words[sentinel]);
      }
    }
  };
  bring_back_ = [this, old] { bring_back(old); };
  if (fault == Fault::hand_over_primary) {
    servers_[next]->follow_at_once(server);
    finish(promote_);
    finish(bring_back_);
    return true;
  }
  server.lose_replicas();
  if (fault == Fault::kill_primary) {
    server.go_down();
    sentinels_[old].is_up = false;
    on_down(server);
  }
  world_.after(election, [this] { finish(promote_); });
  world_.after(away, [this] { finish(bring_back_); });
  return true;
}

void RedisServers::promote(std::size_t next) {
  SimulatedRedis& old = primary();
  world_.note("redis: server " + std::to_string(next) + " becomes the primary");
  if (servers_[next]->offset() < old.offset()) {
    world_.count(Situation::replica_behind);
  }
  offset_at_promotion_ = old.offset();
  old.set_authoritative(false);
  primary_ = next;
  ++config_epoch_;
  primary().become_primary();
  primary().set_authoritative(true);
  for (const auto& server : servers_) {
    if (server.get() != &primary() && server.get() != &old) {
      server->follow(primary());
    }
  }
}

void RedisServers::bring_back(std::size_t old) {
  world_.note("redis: server " + std::to_string(old) + " is a replica now");
  if (servers_[old]->offset() > offset_at_promotion_) {
    world_.count(Situation::branch_lost);
  }
  if (truth_ != nullptr && truth_->end().epoch != primary().end().epoch) {
    truth_->settle(primary().end());  // The epoch that the old primary had begun is lost.
  }
  servers_[old]->come_up();
  servers_[old]->follow(primary());
  sentinels_[old].is_up = true;
  inform_sentinel(old);
}

void RedisServers::inform_sentinel_later(std::size_t sentinel, Duration wait) {
  world_.after(wait, [this, sentinel] {
    if (sentinels_[sentinel].is_up) {
      inform_sentinel(sentinel);
    }
  });
}

void RedisServers::inform_sentinel(std::size_t sentinel) {
  sentinels_[sentinel].primary = primary_;
  sentinels_[sentinel].config_epoch = config_epoch_;
}

/// Each step runs once.
void RedisServers::finish(std::function<void()>& step) {
  if (step) {
    std::exchange(step, nullptr)();
  }
}

void RedisServers::recover() {
  finish(promote_);
  finish(bring_back_);
  for (std::size_t sentinel = 0; sentinel < sentinels_.size(); ++sentinel) {
    inform_sentinel(sentinel);
  }
}

}  // namespace regstream::simulation
