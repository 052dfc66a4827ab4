#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/time.hpp>

#include "access/guard.hpp"
#include "gateway/gateway.hpp"
#include "gateway/health.hpp"
#include "net/router.hpp"
#include "net/server.hpp"

namespace regstream::gateway {

struct HealthOptions {
  /// "embedded" or "redis".
  std::string broker_kind = "embedded";
  /// The program's.
  std::string version = {};
  /// The server's. Empty: none.
  std::function<net::RefusedConnections()> connections_refused = {};
};

/// `GET` of `/livez`, `/readyz` and `/api/health`, for all the workflows of a process. The first
/// two are for everybody, and say why only at an open gateway; the third is for whoever may
/// inspect.
class HealthRoutes {
 public:
  /// `gateways` has one at least, and must outlive the routes. The first is the registration's.
  HealthRoutes(const std::vector<Gateway*>& gateways, HealthOptions options);

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

  [[nodiscard]] HealthFacts facts() const;
  [[nodiscard]] std::span<const ServedWorkflow> workflows() const { return workflows_; }

 private:
  HealthOptions options_;
  std::vector<ServedWorkflow> workflows_;
  const Instant started_;
  const std::int64_t started_timestamp_ms_;
};

}  // namespace regstream::gateway
