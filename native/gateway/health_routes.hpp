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

/// What a process knows about itself at one moment.
struct ProcessFacts {
  HealthFacts health;
  std::vector<ServedWorkflow> workflows;
  LoopFacts loops;  ///< The sum over all loops, in the order of `workflows`.
};

/// `GET` of `/livez`, `/readyz` and `/api/health`, for all workflows of a process. Everybody may
/// read the first two, but only an open gateway gives reasons. The third needs the right to
/// inspect. All loops are asked: if one doesn't answer, the request gets no response. Lives on the
/// first loop.
class HealthRoutes {
 public:
  /// `brokers` are those of the workflows, in the order of `LoopFacts::workflows`. There is at
  /// least one, and the first is the registration's. They must outlive the routes.
  HealthRoutes(std::vector<broker::Broker*> brokers, AskLoops ask_loops, HealthOptions options);

  /// `router` calls this object from now on.
  void add_to(net::Router& router, const access::Guard& guard) {
    add_probes_to(router, guard);
    add_details_to(router, guard);
  }
  /// Only `/livez` and `/readyz`, for everybody. Without details if `guard` requires tokens.
  void add_probes_to(net::Router& router, const access::Guard& guard);
  /// `/api/health`, with the right to inspect.
  void add_details_to(net::Router& router, const access::Guard& guard);

  static constexpr std::array<std::string_view, 3> paths = {"/livez", "/readyz", "/api/health"};

  /// Calls `then` within this call if there is one loop, and later if there are more.
  void read(std::function<void(const ProcessFacts&)> then) const;

 private:
  std::vector<broker::Broker*> brokers_;
  AskLoops ask_loops_;
  HealthOptions options_;
  const Instant started_;
  const std::int64_t started_timestamp_ms_;
};

}  // namespace regstream::gateway
