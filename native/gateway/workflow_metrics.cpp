#include "gateway/workflow_metrics.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace regstream::gateway {
namespace {

double seconds(std::chrono::duration<double> duration) {
  return duration.count();
}

double timestamp_seconds(std::int64_t timestamp_ms) {
  return static_cast<double>(timestamp_ms) / 1'000.0;
}

/// Adds values of one workflow.
class OfWorkflow {
 public:
  OfWorkflow(metrics::Scrape& scrape, std::string_view workflow)
      : scrape_(scrape), workflow_{.name = "workflow", .value = workflow} {}

  template <typename Number>
  void add(metrics::MetricName name, Number value) const {
    scrape_.add(name, value, {workflow_});
  }
  template <typename Number>
  void add(metrics::MetricName name, Number value, metrics::Label label) const {
    scrape_.add(name, value, {workflow_, label});
  }
  void add(metrics::MetricName name, const std::optional<std::int64_t>& timestamp_ms) const {
    if (timestamp_ms) {
      add(name, timestamp_seconds(*timestamp_ms));
    }
  }
  void add(metrics::MetricName name, const hub::DelayHistogram& delays) const {
    std::array<double, hub::DelayHistogram::bounds.size()> bounds{};
    for (std::size_t index = 0; index < bounds.size(); ++index) {
      bounds[index] = seconds(hub::DelayHistogram::bounds[index]);
    }
    scrape_.add(name,
                {.bounds = bounds, .counts = delays.counts(), .sum_seconds = seconds(delays.sum())},
                {workflow_});
  }
  /// Counts by an enumeration, with the names of its enumerators.
  template <typename Counted, typename Counts, std::size_t size>
  void add_each(metrics::MetricName name, std::string_view label, const Counts& counts,
                const std::array<std::string_view, size>& names) const {
    for (std::size_t index = 0; index < size; ++index) {
      add(name, counts.of(static_cast<Counted>(index)), {label, names[index]});
    }
  }

 private:
  metrics::Scrape& scrape_;
  metrics::Label workflow_;
};

void collect_streams(const OfWorkflow& metrics, const StreamFacts& streams) {
  const hub::HubCounters& counters = streams.counters;
  metrics.add("regstream_streams", streams.open);
  metrics.add("regstream_streams_opened_total", counters.opened);
  metrics.add("regstream_streams_refused_total", streams.refused, {"reason", "full"});
  metrics.add("regstream_streams_refused_total", streams.refused_draining, {"reason", "draining"});
  metrics.add("regstream_streams_ended_total", counters.ended, {"reason", "final_update"});
  metrics.add("regstream_streams_ended_total", counters.expired, {"reason", "token_expired"});
  metrics.add("regstream_streams_ended_total", counters.withdrawn, {"reason", "key_withdrawn"});
  metrics.add("regstream_stream_resumes_total", counters.resumed);
  metrics.add("regstream_stream_waits_total", counters.waited);
  metrics.add_each<hub::ResetCause>("regstream_stream_resets_total", "cause", counters.resets,
                                    hub::reset_cause_names);
  metrics.add("regstream_stream_snapshots_total", counters.snapshots);
  metrics.add("regstream_stream_overruns_total", counters.overruns);
  metrics.add("regstream_streams_blocked", streams.backlog.streams);
  metrics.add("regstream_outbox_bytes", streams.backlog.bytes);
  metrics.add("regstream_deliveries_total", counters.deliveries);
  metrics.add("regstream_stream_bytes_total", streams.written_bytes);
  metrics.add("regstream_delivery_seconds", streams.delays.since_heard);
  metrics.add("regstream_publish_to_write_seconds", streams.delays.since_published);
  metrics.add("regstream_last_delivery_timestamp_seconds", streams.delivered_timestamp_ms);
}

void collect_updates(const OfWorkflow& metrics, const ServedWorkflow& workflow) {
  const hub::HubCounters& counters = workflow.streams.counters;
  const broker::DroppedCounts dropped = workflow.broker.dropped();
  metrics.add("regstream_updates_total", counters.published);
  metrics.add_each<DropReason>("regstream_updates_dropped_total", "reason",
                               malformed_messages(workflow), drop_reason_names);
  metrics.add("regstream_updates_dropped_total", dropped.forged, {"reason", "forged"});
  metrics.add("regstream_channel_overflows_total", dropped.overflowing);
  metrics.add("regstream_updates_mistyped_total", counters.mistyped);
  metrics.add("regstream_updates_duplicate_total", counters.duplicates);
  metrics.add("regstream_last_update_timestamp_seconds", workflow.streams.published_timestamp_ms);
}

void collect_history(const OfWorkflow& metrics, const StreamFacts& streams,
                     const hub::Moment& now) {
  metrics.add("regstream_history_live", streams.is_live ? 1 : 0);
  if (const std::uint64_t epoch = streams.position.epoch; epoch != 0) {
    // An epoch is the millisecond at which its history began.
    metrics.add("regstream_history_start_time_seconds",
                timestamp_seconds(static_cast<std::int64_t>(epoch)));
  }
  metrics.add("regstream_history_gaps_total", streams.counters.gaps);
  metrics.add("regstream_journal_updates", streams.journal_messages);
  metrics.add("regstream_journal_bytes", streams.journal_bytes);
  if (const auto arrival = streams.journal_oldest) {
    metrics.add("regstream_journal_oldest_timestamp_seconds",
                timestamp_seconds(now.timestamp_ms - (now.now - *arrival).count()));
  }
}

void collect_broker(const OfWorkflow& metrics, broker::Broker& broker) {
  const broker::Obstacles obstacles = broker.obstacles();
  metrics.add("regstream_broker_connected", broker.is_connected() ? 1 : 0);
  metrics.add("regstream_readable", obstacles.reading.empty() ? 1 : 0);
  metrics.add("regstream_publishable", obstacles.publishing.empty() ? 1 : 0);
  const std::optional<broker::ServerHealth> server = broker.server_health();
  if (!server) {
    return;
  }
  metrics.add("regstream_redis_up", server->away_for ? 0 : 1);
  if (server->round_trip) {
    metrics.add("regstream_redis_round_trip_seconds", seconds(*server->round_trip));
    metrics.add("regstream_redis_round_trip_max_seconds", seconds(server->round_trip_max));
  }
  metrics.add("regstream_redis_other_deployments", server->other_deployments.size());
  if (server->evicts) {
    metrics.add("regstream_redis_evicts", *server->evicts ? 1 : 0);
  }
  if (server->memory_used && server->memory_max) {
    metrics.add("regstream_redis_memory_bytes", *server->memory_used);
    metrics.add("regstream_redis_memory_max_bytes", *server->memory_max);
  }
}

}  // namespace

void collect_workflow(metrics::Scrape& scrape, const ServedWorkflow& workflow,
                      const hub::Moment& now) {
  const OfWorkflow metrics(scrape, workflow.broker.workflow().name);
  collect_streams(metrics, workflow.streams);
  collect_updates(metrics, workflow);
  collect_history(metrics, workflow.streams, now);
  collect_broker(metrics, workflow.broker);
}

}  // namespace regstream::gateway
