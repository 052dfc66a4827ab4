#include "metrics/registry.hpp"

#include <utility>

namespace regstream::metrics {

void Registry::add(Collector collector) {
  collectors_.push_back(std::move(collector));
}

std::string Registry::text() const {
  Scrape scrape;
  for (const Collector& collector : collectors_) {
    collector(scrape);
  }
  return scrape.text();
}

}  // namespace regstream::metrics
