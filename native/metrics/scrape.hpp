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

/// A histogram as it is counted: durations, in buckets that do not overlap.
struct HistogramSample {
  std::span<const double> bounds = {};         ///< Inclusive, rising, in seconds.
  std::span<const std::uint64_t> counts = {};  ///< One more than bounds: what is above the last.
  double sum_seconds = 0;
};

/// One answer of `/metrics` in the making. Collectors add what they know in any order; the format
/// wants all values of a metric in one place.
class Scrape {
 public:
  Scrape();

  /// Of a counter or a gauge. The labels are those of the catalog, in its order.
  template <typename Number>
  void add(MetricName name, Number value, std::initializer_list<Label> labels = {}) {
    add_number(name, static_cast<double>(value), labels);
  }
  void add(MetricName name, const HistogramSample& sample, std::initializer_list<Label> labels);

  /// In the text format, version 0.0.4. A metric that has no value now is left out.
  [[nodiscard]] std::string text() const;

 private:
  void add_number(MetricName name, double value, std::initializer_list<Label> labels);
  prometheus::ClientMetric& append(MetricName name, std::initializer_list<Label> labels);

  std::vector<prometheus::MetricFamily> families_;  // As the catalog has them.
};

}  // namespace regstream::metrics
