#pragma once

#include "metrics/scrape.hpp"

namespace regstream::metrics {

/// Adds memory, processor time and descriptors of this process, as Linux reports them. What can't
/// be read is left out.
void collect_process(Scrape& scrape);

}  // namespace regstream::metrics
