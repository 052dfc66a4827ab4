#include "gateway/loop_facts.hpp"

#include <algorithm>

namespace regstream::gateway {

StreamFacts& StreamFacts::operator+=(const StreamFacts& other) {
  is_live = is_live && other.is_live;
  is_draining = is_draining || other.is_draining;
  open += other.open;
  refused += other.refused;
  refused_draining += other.refused_draining;
  counters.add_streams_of(other.counters);
  backlog.streams += other.backlog.streams;
  backlog.bytes += other.backlog.bytes;
  written_bytes += other.written_bytes;
  delays.since_heard += other.delays.since_heard;
  delays.since_published += other.delays.since_published;
  published_timestamp_ms = std::max(published_timestamp_ms, other.published_timestamp_ms);
  delivered_timestamp_ms = std::max(delivered_timestamp_ms, other.delivered_timestamp_ms);
  journal_bytes += other.journal_bytes;
  return *this;
}

StreamFacts read_facts(const hub::StreamPump& pump) {
  const hub::Hub& hub = pump.hub();
  const hub::Journal& journal = hub.journal();
  return {.is_live = hub.is_live(),
          .is_draining = pump.is_draining(),
          .open = hub.subscriptions(),
          .open_max = pump.streams_max(),
          .refused = pump.streams_refused(),
          .refused_draining = pump.streams_refused_draining(),
          .counters = hub.counters(),
          .backlog = hub.backlog(),
          .written_bytes = pump.written_bytes(),
          .delays = pump.delays(),
          .published_timestamp_ms = pump.published_timestamp_ms(),
          .delivered_timestamp_ms = pump.delivered_timestamp_ms(),
          .position = journal.position(),
          .resumable_from = journal.resumable_from(),
          .journal_messages = journal.size(),
          .journal_bytes = journal.bytes(),
          .journal_oldest = journal.oldest_arrival()};
}

ServerFacts& ServerFacts::operator+=(const ServerFacts& other) {
  sessions += other.sessions;
  sessions_max += other.sessions_max;
  refused.at_client_limit += other.refused.at_client_limit;
  refused.at_server_limit += other.refused.at_server_limit;
  for (const auto& [status, count] : other.answers) {
    answers[status] += count;
  }
  return *this;
}

ServerFacts read_facts(const net::Server& server) {
  return {.sessions = server.sessions(),
          .sessions_max = server.limits().sessions_max,
          .refused = server.refused(),
          .answers = server.answers()};
}

LoopFacts& LoopFacts::operator+=(const LoopFacts& other) {
  server += other.server;
  denials += other.denials;
  for (std::size_t index = 0; index < workflows.size(); ++index) {
    workflows[index] += other.workflows[index];
  }
  return *this;
}

}  // namespace regstream::gateway
