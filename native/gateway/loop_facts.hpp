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

/// What operators see, as values. Each loop reads its own, and the first loop adds them up. No loop
/// is stopped for that.
namespace regstream::gateway {

/// Facts about one workflow's streams.
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

  /// Adds the facts of the same workflow on another loop. All loops read one history, so facts
  /// about the history stay those of the first loop; only its memory is added up.
  StreamFacts& operator+=(const StreamFacts& other);
};

[[nodiscard]] StreamFacts read_facts(const hub::StreamPump& pump);

/// Facts about a server's connections.
struct ServerFacts {
  std::size_t sessions = 0;
  std::size_t sessions_max = 0;
  net::RefusedConnections refused;
  net::RequestLog::Counts answers;

  ServerFacts& operator+=(const ServerFacts& other);
};

[[nodiscard]] ServerFacts read_facts(const net::Server& server);

/// Facts about one loop, or the sum over all.
struct LoopFacts {
  ServerFacts server;
  access::DenialCounts denials;
  std::vector<StreamFacts> workflows;  ///< In the same order on every loop.

  LoopFacts& operator+=(const LoopFacts& other);
};

/// Asks all loops, and calls back with the sum. Call it on the first loop, where it also calls
/// back: within the call if there is no other loop.
using AskLoops = std::function<void(std::function<void(const LoopFacts&)>)>;

}  // namespace regstream::gateway
