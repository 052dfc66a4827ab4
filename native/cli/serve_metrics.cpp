#include "cli/serve_metrics.hpp"

#include <chrono>

#include "broker/monotonic_clock.hpp"

namespace regstream::cli {
namespace {

using metrics::Scrape;

/// Converts a time of the monotonic clock to the wall clock, as that is now.
double timestamp_seconds(Instant instant) {
  const auto age = broker::monotonic_now() - instant;
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch() - age)
      .count();
}

void collect_limits(Scrape& scrape, const access::TokenLimits& limits,
                    const access::TokenPolicy* tokens) {
  constexpr metrics::MetricName name = "regstream_token_limit_refusals_total";
  scrape.add(name, limits.streams_refused(), {{"reason", "streams"}});
  scrape.add(name, limits.updates_refused(), {{"reason", "updates"}});
  if (tokens != nullptr) {
    scrape.add(name, tokens->tickets_refused(), {{"reason", "tickets"}});
  }
}

void collect_keys(Scrape& scrape, const access::KeyKeeper& keys) {
  const access::KeyFetches fetches = keys.fetches();
  scrape.add("regstream_token_keys", keys.keys().members().size());
  scrape.add("regstream_token_key_urls_failing", fetches.failing);
  scrape.add("regstream_token_key_fetch_failures_total", fetches.failed);
  if (fetches.oldest) {
    scrape.add("regstream_token_keys_fetched_timestamp_seconds",
               timestamp_seconds(*fetches.oldest));
  }
}

}  // namespace

void add_serve_metrics(metrics::Registry& registry, const GuardingParts& parts) {
  registry.add([parts](Scrape& scrape) {
    collect_limits(scrape, parts.limits, parts.tokens);
    if (parts.tokens != nullptr) {
      collect_keys(scrape, parts.tokens->keys());
    }
    if (parts.tls != nullptr) {
      scrape.add("regstream_tls_certificate_expiry_timestamp_seconds",
                 parts.tls->expiry_timestamp_s());
    }
    parts.reload.collect(scrape);
  });
}

}  // namespace regstream::cli
