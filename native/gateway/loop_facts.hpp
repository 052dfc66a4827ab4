#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <regstream/message/event_id.hpp>
#include <regstream/time.hpp>

#include "access/denial_reason.hpp"
#include "access/guard.hpp"
#include "hub/stream_pump.hpp"
#include "net/request_log.hpp"
#include "net/server.hpp"

/// What operators are told, as values: read on the loop that counts, and added up on another. No
/// loop is stopped for that.
namespace regstream::gateway {

/// Of the streams of one workflow.
struct StreamFacts {
  bool is_live = false;
  bool is_draining = false;
  std::size_t open = 0;
  std::size_t open_max = 0;  ///< Of all workflows and loops.
  std::uint64_t refused = 0;
  std::uint64_t refused_draining = 0;
  hub::HubCounters counters;
  hub::Backlog backlog;
  std::uint64_t written_bytes = 0;
  hub::StreamPump::Delays delays;
  std::optional<std::int64_t> published_timestamp_ms;
  std::optional<std::int64_t> delivered_timestamp_ms;

  EventId position;
  EventId resumable_from;
  std::size_t journal_messages = 0;
  std::size_t journal_bytes = 0;
  std::optional<Instant> journal_oldest;

  /// Adds those of the same workflow on another loop. All loops read one history: what they find
  /// in it stays the first one's, and only what it takes in memory is added up.
  StreamFacts& operator+=(const StreamFacts& other);
};

[[nodiscard]] StreamFacts read_facts(const hub::StreamPump& pump);

/// Of a server's connections.
struct ServerFacts {
  std::size_t sessions = 0;
  std::size_t sessions_max = 0;
  net::RefusedConnections refused;
  net::RequestLog::Counts answers;

  ServerFacts& operator+=(const ServerFacts& other);
};

[[nodiscard]] ServerFacts read_facts(const net::Server& server);

/// Of one loop, or of all.
struct LoopFacts {
  ServerFacts server;
  access::DenialCounts denials;
  std::vector<StreamFacts> workflows;  ///< In their order, which is that of all loops.

  LoopFacts& operator+=(const LoopFacts& other);
};

/// Asks all loops, and calls back with the sum. On the first loop, where it calls back, too: within
/// the call where there is no other.
using AskLoops = std::function<void(std::function<void(const LoopFacts&)>)>;

}  // namespace regstream::gateway
