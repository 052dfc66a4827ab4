#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <regstream/broker/redis_options.hpp>
#include <regstream/connection/backoff.hpp>
#include <regstream/time.hpp>

namespace regstream::broker {

/// How the server that has the history is found.
enum class Topology : std::uint8_t {
  fixed,     ///< It has a fixed address.
  sentinel,  ///< Sentinels know which server is the primary now.
  cluster,   ///< A cluster's nodes know which one owns the workflow's slot now.
};

struct FinderOptions {
  Topology topology = Topology::fixed;
  RedisAddress server;              ///< Of `fixed`.
  std::vector<RedisAddress> asked;  ///< Sentinels, or nodes. Others are learned from them.
  std::string primary_name;         ///< As sentinels know it.
  /// How often they are asked while all is well: no sentinel has to announce a change.
  Duration interval{1'000};
  /// How long one is taken at its word: by then another one is asked.
  Duration trust{10'000};
  /// Of a connection with its answer. Whoever is slower is passed over.
  Duration answer_timeout{1'000};
  /// Between two askings that a doubt leads to.
  Duration doubt_interval{250};
  /// Between two rounds in which nobody knew.
  BackoffOptions backoff = RedisTiming{}.backoff;
};

}  // namespace regstream::broker
