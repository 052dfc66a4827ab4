#pragma once

#include "gateway/health.hpp"
#include "hub/stream_pump.hpp"
#include "metrics/scrape.hpp"

namespace regstream::gateway {

/// What one workflow's streams, history and broker are like at `now`: the facts of `/api/health`,
/// and those that only a machine reads.
void collect_workflow(metrics::Scrape& scrape, const ServedWorkflow& workflow,
                      const hub::Moment& now);

}  // namespace regstream::gateway
