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
  /// What is published counts as published once so many replicas have it. None: as soon as Redis
  /// has it.
  AwaitReplicas replicas = {};
  /// How long Redis keeps a publisher's place, and the key of a publish.
  Duration key_lifetime = RedisHistoryLimits{}.key_lifetime;
  PublishLimits publishes = {};
  FollowerLimits follower = {};
  /// Under which Redis keeps this publisher's place. No other process has it, nor had it.
  std::string publisher_name;
  std::uint64_t seed = 0;  ///< Spreads this process's retries from those of others.

  /// How long after it was first sent a batch may be sent again. Redis keeps the place from when it
  /// ran the script, which is later than when it was sent; the rest is for what the last sending
  /// takes.
  [[nodiscard]] Duration resend_max() const {
    return key_lifetime - std::min(timing.reply_timeout, key_lifetime / 2);
  }
};

}  // namespace regstream::broker
