#include "metrics/scrape.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>

#include <prometheus/metric_type.h>
#include <prometheus/text_serializer.h>

namespace regstream::metrics {
namespace {

prometheus::MetricType type_of(Kind kind) {
  switch (kind) {
    case Kind::counter:
      return prometheus::MetricType::Counter;
    case Kind::gauge:
      return prometheus::MetricType::Gauge;
    case Kind::histogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

}  // namespace

Scrape::Scrape() {
  families_.reserve(catalog.size());
  for (const Definition& definition : catalog) {
    families_.push_back({.name = std::string(definition.name),
                         .help = std::string(definition.help),
                         .type = type_of(definition.kind),
                         .metric = {}});
  }
}

void Scrape::add(MetricName name, const HistogramSample& sample,
                 std::initializer_list<Label> labels) {
  prometheus::ClientMetric::Histogram& histogram = append(name, labels).histogram;
  histogram.sample_sum = sample.sum_seconds;
  for (std::size_t index = 0; index < sample.counts.size(); ++index) {
    histogram.sample_count += sample.counts[index];
    histogram.bucket.push_back({.cumulative_count = histogram.sample_count,
                                .upper_bound = index < sample.bounds.size()
                                                   ? sample.bounds[index]
                                                   : std::numeric_limits<double>::infinity()});
  }
}

std::string Scrape::text() const {
  std::vector<prometheus::MetricFamily> with_values;
  std::copy_if(families_.begin(), families_.end(), std::back_inserter(with_values),
               [](const auto& family) { return !family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(with_values);
}

void Scrape::add_number(MetricName name, double value, std::initializer_list<Label> labels) {
  prometheus::ClientMetric& metric = append(name, labels);
  if (catalog.at(name.index()).kind == Kind::counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

prometheus::ClientMetric& Scrape::append(MetricName name, std::initializer_list<Label> labels) {
  prometheus::ClientMetric& metric = families_[name.index()].metric.emplace_back();
  for (const Label& label : labels) {
    metric.label.push_back({.name = std::string(label.name), .value = std::string(label.value)});
  }
  return metric;
}

}  // namespace regstream::metrics
