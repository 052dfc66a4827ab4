#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

#include "access/guard.hpp"
#include "gateway/health.hpp"
#include "gateway/loop_facts.hpp"
#include "net/router.hpp"

namespace regstream::gateway {

struct HealthOptions {
  /// "embedded" or "redis".
  std::string broker_kind = "embedded";
  /// The program's.
  std::string version = {};
};

/// What a process knows of itself at one moment.
struct ProcessFacts {
  HealthFacts health;
  std::vector<ServedWorkflow> workflows;
  LoopFacts loops;  ///< Of all; their workflows are those above.
};

/// `GET` of `/livez`, `/readyz` and `/api/health`, for all the workflows of a process. The first
/// two are for everybody, and say why only at an open gateway; the third is for whoever may
/// inspect. All loops are asked: where one does not answer, there is no answer. On the first loop.
class HealthRoutes {
 public:
  /// `brokers` are those of the workflows, in the order of `LoopFacts::workflows`; there is one at
  /// least, and the first is the registration's. They must outlive the routes.
  HealthRoutes(std::vector<broker::Broker*> brokers, AskLoops ask_loops, HealthOptions options);

  /// `router` calls this object from now on.
  void add_to(net::Router& router, const access::Guard& guard) {
    add_probes_to(router, guard);
    add_details_to(router, guard);
  }
  /// `/livez` and `/readyz` alone, for anybody. Where `guard` asks who is there, the answers have
  /// no details.
  void add_probes_to(net::Router& router, const access::Guard& guard);
  /// `/api/health`, for those who may inspect.
  void add_details_to(net::Router& router, const access::Guard& guard);

  static constexpr std::array<std::string_view, 3> paths = {"/livez", "/readyz", "/api/health"};

  /// Within the call where there is one loop, and later where there are more.
  void read(std::function<void(const ProcessFacts&)> then) const;

 private:
  std::vector<broker::Broker*> brokers_;
  AskLoops ask_loops_;
  HealthOptions options_;
  const Instant started_;
  const std::int64_t started_timestamp_ms_;
};

}  // namespace regstream::gateway
