#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// The program's metrics, in the text format of Prometheus.
namespace regstream::metrics {

enum class Kind : std::uint8_t { counter, gauge, histogram };

struct Definition {
  std::string_view name;
  Kind kind = Kind::gauge;
  std::array<std::string_view, 2> labels = {};  ///< Empty elements are unused.
  std::string_view help;                        ///< One line, without backslashes.
};

/// All metrics, by topic. Names and units follow Prometheus's conventions. docs/metrics.md has the
/// same table, and a test compares both.
///
/// To add one: a line here, and `scrape.add("regstream_…", value, {{"reason", …}})` in a collector
/// (`Registry::add`). No label may hold an id, an address or anything else that outsiders can make
/// up: each value costs memory here and in Prometheus for ever.
inline constexpr std::array catalog{
    // The process. These names are Prometheus's standard ones, which every dashboard knows.
    Definition{"process_cpu_seconds_total",
               Kind::counter,
               {},
               "Processor time of the process, in user and system mode."},
    Definition{"process_max_fds", Kind::gauge, {}, "Descriptors that the process may have open."},
    Definition{"process_open_fds", Kind::gauge, {}, "Descriptors that the process has open."},
    Definition{"process_resident_memory_bytes", Kind::gauge, {}, "Resident memory."},
    Definition{"process_start_time_seconds",
               Kind::gauge,
               {},
               "When the process started, in seconds since the Unix epoch."},
    Definition{"regstream_build_info",
               Kind::gauge,
               {"version", "broker"},
               "Always 1: the program's version, and its broker (embedded or redis)."},
    Definition{"regstream_ready",
               Kind::gauge,
               {},
               "1 if /readyz answers 200: updates of every workflow can be read and published."},

    // Connections other than streams.
    Definition{"regstream_connections",
               Kind::gauge,
               {},
               "Connections that wait for a request, or whose request is being read or answered."},
    Definition{"regstream_connections_max", Kind::gauge, {}, "The maximum of these connections."},
    Definition{"regstream_connections_refused_total",
               Kind::counter,
               {"reason"},
               "Connections that were refused: client_limit (429) or server_limit (503)."},
    Definition{"regstream_http_responses_total",
               Kind::counter,
               {"status"},
               "Answers by status, including those to malformed requests. Streams count when they "
               "open. Answers at --ops-address are not counted."},

    // Streams.
    Definition{"regstream_streams", Kind::gauge, {"workflow"}, "Streams that are open."},
    Definition{"regstream_streams_max",
               Kind::gauge,
               {},
               "The maximum of open streams, of all workflows together."},
    Definition{
        "regstream_streams_opened_total", Kind::counter, {"workflow"}, "Streams that were opened."},
    Definition{"regstream_streams_refused_total",
               Kind::counter,
               {"workflow", "reason"},
               "Streams that were refused: full, or draining for a shutdown."},
    Definition{"regstream_streams_ended_total",
               Kind::counter,
               {"workflow", "reason"},
               "Streams that the gateway ended in good order: final_update, token_expired or "
               "key_withdrawn."},
    Definition{"regstream_stream_resumes_total",
               Kind::counter,
               {"workflow"},
               "Streams that resumed after their cursor."},
    Definition{
        "regstream_stream_waits_total",
        Kind::counter,
        {"workflow"},
        "Streams that had to wait, because their cursor was ahead of the history read here."},
    Definition{"regstream_stream_resets_total",
               Kind::counter,
               {"workflow", "cause"},
               "Resets sent to streams: they missed updates, and get a snapshot."},
    Definition{"regstream_stream_snapshots_total",
               Kind::counter,
               {"workflow"},
               "Snapshots sent to streams."},
    Definition{"regstream_stream_overruns_total",
               Kind::counter,
               {"workflow"},
               "Readers that fell behind the journal's oldest update, and got a reset."},
    Definition{"regstream_streams_blocked",
               Kind::gauge,
               {"workflow"},
               "Streams whose socket was full at the last write: slow readers."},
    Definition{"regstream_outbox_bytes",
               Kind::gauge,
               {"workflow"},
               "Bytes taken from the journal that wait for those sockets."},

    // Tokens, their keys, and certificates.
    Definition{"regstream_token_denials_total",
               Kind::counter,
               {"reason"},
               "Requests that were refused (400, 401, 429 or 503), because their token or ticket "
               "is not accepted, or can't be judged."},
    Definition{"regstream_token_limit_refusals_total",
               Kind::counter,
               {"reason"},
               "Requests that were refused (429), because their token has reached its limit of "
               "streams, tickets or updates."},
    Definition{"regstream_token_keys",
               Kind::gauge,
               {},
               "Keys that verify tokens. Absent if the gateway is open."},
    Definition{"regstream_token_key_urls_failing",
               Kind::gauge,
               {},
               "URLs of keys (JWKS) whose last fetch failed; their earlier keys stay."},
    Definition{"regstream_token_key_fetch_failures_total",
               Kind::counter,
               {},
               "Failed fetches of such URLs."},
    Definition{"regstream_token_keys_fetched_timestamp_seconds",
               Kind::gauge,
               {},
               "When the keys of such a URL were last fetched. With several URLs, the time that is "
               "longest ago."},
    Definition{"regstream_tls_certificate_expiry_timestamp_seconds",
               Kind::gauge,
               {},
               "When the certificate for new connections expires, or one of its issuers in the "
               "same file, if that is sooner."},
    Definition{"regstream_reload_failures_total",
               Kind::counter,
               {"reason"},
               "SIGHUPs after which keys, certificates or log settings stayed as they were, "
               "because their files can't be used."},

    // Updates.
    Definition{"regstream_updates_total",
               Kind::counter,
               {"workflow"},
               "Updates read from the history, including those that it held at the start."},
    Definition{"regstream_updates_dropped_total",
               Kind::counter,
               {"workflow", "reason"},
               "Messages that reach nobody, because they are malformed or forged. The reasons are "
               "those of /api/health."},
    Definition{"regstream_updates_mistyped_total",
               Kind::counter,
               {"workflow"},
               "Optional members of a wrong type, which were treated as unknown."},
    Definition{"regstream_updates_duplicate_total",
               Kind::counter,
               {"workflow"},
               "Messages that were dropped, because they had been read before."},
    Definition{"regstream_channel_overflows_total",
               Kind::counter,
               {"workflow"},
               "How often messages on the channel arrived faster than they could be read: some may "
               "be lost, and every stream got a reset."},
    Definition{"regstream_deliveries_total",
               Kind::counter,
               {"workflow"},
               "Updates delivered to streams, once for each stream."},
    Definition{"regstream_stream_bytes_total",
               Kind::counter,
               {"workflow"},
               "Bytes of streams that sockets accepted, without heads and TLS."},
    Definition{"regstream_delivery_seconds",
               Kind::histogram,
               {"workflow"},
               "From the arrival of a burst's first update until every stream with room was "
               "written to: one observation a burst, in whole milliseconds."},
    Definition{"regstream_publish_to_write_seconds",
               Kind::histogram,
               {"workflow"},
               "From the timestamp of a burst's first update, by its publisher's clock, until "
               "every stream with room was written to. Not counted without a timestamp, or with "
               "one older than a day."},
    Definition{"regstream_last_update_timestamp_seconds",
               Kind::gauge,
               {"workflow"},
               "When a new update last arrived."},
    Definition{"regstream_last_delivery_timestamp_seconds",
               Kind::gauge,
               {"workflow"},
               "When a socket last accepted an update."},

    // The history, and the journal, which is its newest part in memory.
    Definition{"regstream_history_live",
               Kind::gauge,
               {"workflow"},
               "1 if the history was read to its end and is followed."},
    Definition{"regstream_history_start_time_seconds",
               Kind::gauge,
               {"workflow"},
               "When this history began. A change means that a history was lost."},
    Definition{"regstream_history_gaps_total",
               Kind::counter,
               {"workflow"},
               "Updates whose id was not the next one."},
    Definition{"regstream_journal_updates",
               Kind::gauge,
               {"workflow"},
               "Updates kept for clients that come back."},
    Definition{"regstream_journal_bytes",
               Kind::gauge,
               {"workflow"},
               "The bytes of these updates, in the journals of all threads."},
    Definition{"regstream_journal_oldest_timestamp_seconds",
               Kind::gauge,
               {"workflow"},
               "When the oldest of these updates arrived."},

    // The broker.
    Definition{"regstream_broker_connected",
               Kind::gauge,
               {"workflow"},
               "1 while the history can be followed."},
    Definition{"regstream_readable", Kind::gauge, {"workflow"}, "1 while updates can be read."},
    Definition{
        "regstream_publishable", Kind::gauge, {"workflow"}, "1 while updates can be published."},
    Definition{"regstream_redis_up", Kind::gauge, {"workflow"}, "1 while Redis can be used."},
    Definition{"regstream_redis_round_trip_seconds",
               Kind::gauge,
               {"workflow"},
               "How long Redis took to answer the last short call."},
    Definition{"regstream_redis_round_trip_max_seconds",
               Kind::gauge,
               {"workflow"},
               "The longest such time of the last one to two minutes."},
    Definition{"regstream_redis_other_deployments",
               Kind::gauge,
               {"workflow"},
               "Other deployments that use the same Redis and keys."},
    Definition{"regstream_redis_evicts",
               Kind::gauge,
               {"workflow"},
               "1 if Redis evicts keys when its memory is full (maxmemory-policy)."},
    Definition{"regstream_redis_memory_bytes",
               Kind::gauge,
               {"workflow"},
               "The memory that Redis uses, asked every 20 seconds (used_memory)."},
    Definition{"regstream_redis_memory_max_bytes",
               Kind::gauge,
               {"workflow"},
               "The memory that Redis may use (maxmemory). 0: no limit."},
};

/// A metric of the catalog. Only a constant name converts, and an unknown name does not compile.
class MetricName {
 public:
  consteval MetricName(const char* name)  // NOLINT(google-explicit-constructor)
      : index_(find(name)) {}

  /// Its index in the catalog.
  [[nodiscard]] constexpr std::size_t index() const { return index_; }

 private:
  static consteval std::size_t find(std::string_view name) {
    std::size_t index = 0;
    while (catalog.at(index).name != name) {
      ++index;
    }
    return index;
  }

  std::size_t index_;
};

}  // namespace regstream::metrics
