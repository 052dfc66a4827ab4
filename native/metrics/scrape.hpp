#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/metric_family.h>

#include "metrics/catalog.hpp"

namespace regstream::metrics {

struct Label {
  std::string_view name;
  std::string_view value;
};

/// A histogram of durations, in buckets that do not overlap.
struct HistogramSample {
  std::span<const double> bounds = {};         ///< Inclusive upper bounds, rising, in seconds.
  std::span<const std::uint64_t> counts = {};  ///< One more than bounds: the last counts everything
                                               ///< above.
  double sum_seconds = 0;
};

/// Collects one answer of `/metrics`. Collectors add values in any order; the format groups them by
/// metric.
class Scrape {
 public:
  Scrape();

  /// Adds the value of a counter or a gauge. The labels are those of the catalog, in its order.
  template <typename Number>
  void add(MetricName name, Number value, std::initializer_list<Label> labels = {}) {
    add_number(name, static_cast<double>(value), labels);
  }
  void add(MetricName name, const HistogramSample& sample, std::initializer_list<Label> labels);

  /// The answer in the text format, version 0.0.4. A metric without a value is left out.
  [[nodiscard]] std::string text() const;

 private:
  void add_number(MetricName name, double value, std::initializer_list<Label> labels);
  prometheus::ClientMetric& append(MetricName name, std::initializer_list<Label> labels);

  std::vector<prometheus::MetricFamily> families_;  // In the order of the catalog.
};

}  // namespace regstream::metrics
