#pragma once

#include "access/token_limits.hpp"
#include "access/token_policy.hpp"
#include "cli/reload.hpp"
#include "metrics/registry.hpp"
#include "net/tls_credentials.hpp"

namespace regstream::cli {

/// The parts that guard a gateway. All must outlive the registry.
struct GuardingParts {
  const access::TokenLimits& limits;
  const access::TokenPolicy* tokens;  ///< Null: the gateway is open.
  const net::TlsCredentials* tls;     ///< Null: http.
  const Reload& reload;
};

/// Adds metrics of the limits' refusals, and of the state of keys and certificates.
void add_serve_metrics(metrics::Registry& registry, const GuardingParts& parts);

}  // namespace regstream::cli
