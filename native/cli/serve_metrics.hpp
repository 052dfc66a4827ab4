#pragma once

#include "access/token_limits.hpp"
#include "access/token_policy.hpp"
#include "cli/reload.hpp"
#include "metrics/registry.hpp"
#include "net/tls_credentials.hpp"

namespace regstream::cli {

/// What guards a gateway. All of it outlives the registry.
struct GuardingParts {
  const access::TokenLimits& limits;
  const access::TokenPolicy* tokens;  ///< Null: the gateway is open.
  const net::TlsCredentials* tls;     ///< Null: http.
  const Reload& reload;
};

/// Adds to `/metrics` who is turned away by limits, and how keys and certificates are.
void add_serve_metrics(metrics::Registry& registry, const GuardingParts& parts);

}  // namespace regstream::cli
