#pragma once

#include "metrics/scrape.hpp"

namespace regstream::metrics {

/// Memory, processor time and descriptors of this process, as Linux tells them. What can't be read
/// is left out.
void collect_process(Scrape& scrape);

}  // namespace regstream::metrics
