#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <regstream/broker/publish_limits.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/workflow/registration.hpp>

#include "broker/history/history_command.hpp"
#include "broker/history/history_follower.hpp"
#include "broker/topology/finder_options.hpp"

namespace regstream::broker {

struct HistorySessionOptions {
  /// Says what an update is. Must outlive the session.
  const Workflow* workflow = &registration_workflow();
  RedisTiming timing = {};
  FinderOptions finder = {};
  /// How many replicas must have an update before it counts as published. Count 0: Redis alone.
  AwaitReplicas replicas = {};
  /// How long Redis remembers a publisher's batches, and the key of a publish.
  Duration key_lifetime = RedisHistoryLimits{}.key_lifetime;
  PublishLimits publishes = {};
  FollowerLimits follower = {};
  /// The name under which Redis remembers this publisher's batches. No other process has, or had,
  /// this name.
  std::string publisher_name;
  std::uint64_t seed = 0;  ///< Spreads this process's retries from those of others.

  /// How long after its first sending a batch may be sent again. Redis counts from when it ran the
  /// script, which is later; the margin is for the last sending.
  [[nodiscard]] Duration resend_max() const {
    return key_lifetime - std::min(timing.reply_timeout, key_lifetime / 2);
  }
};

}  // namespace regstream::broker
