#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <regstream/broker/redis_options.hpp>
#include <regstream/connection/backoff.hpp>
#include <regstream/time.hpp>

namespace regstream::broker {

/// How to find the server that has the history.
enum class Topology : std::uint8_t {
  fixed,     ///< At a fixed address.
  sentinel,  ///< Sentinels know the current primary.
  cluster,   ///< A cluster's nodes know the current owner of the workflow's slot.
};

struct FinderOptions {
  Topology topology = Topology::fixed;
  RedisAddress server;              ///< For `fixed`.
  std::vector<RedisAddress> asked;  ///< Sentinels, or nodes. They name others.
  std::string primary_name;         ///< The sentinels' name for it.
  /// How often to ask while all is well: sentinels don't have to announce changes.
  Duration interval{1'000};
  /// How long to ask the same one, before the next one is asked.
  Duration trust{10'000};
  /// For a connection and its answer together. A slower one is skipped.
  Duration answer_timeout{1'000};
  /// The shortest time between two questions after a doubt.
  Duration doubt_interval{250};
  /// Between rounds in which none knew.
  BackoffOptions backoff = RedisTiming{}.backoff;
};

}  // namespace regstream::broker
