#pragma once

#include "gateway/health.hpp"
#include "hub/stream_pump.hpp"
#include "metrics/scrape.hpp"

namespace regstream::gateway {

/// Adds the metrics of one workflow's streams, history and broker at `now`: the facts of
/// `/api/health`, and those that only machines read.
void collect_workflow(metrics::Scrape& scrape, const ServedWorkflow& workflow,
                      const hub::Moment& now);

}  // namespace regstream::gateway
