#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/time.hpp>

#include "broker/history/adoption.hpp"
#include "broker/history/failure.hpp"
#include "broker/history/history_follower.hpp"
#include "broker/topology/server_location.hpp"

/// What Redis is asked, and what it answers, as values. A real Redis gets them as RESP
/// (broker/history_call.hpp); the simulated one takes them as they are.
namespace regstream::broker {

// --- The modes of scripts/history, which says what each does. `ReadHistory`, `Adopt` and
// --- `RecordLoss` are what the follower asks for.

/// And say where it ends, and which server has it.
struct OpenHistory {};

/// Updates of one publisher that follow on each other.
struct PublishBatch {
  struct Update {
    std::string message;
    std::string key;  ///< The application's. Empty: it has none.
  };
  std::string publisher;    ///< No other process has this name.
  std::uint64_t first = 0;  ///< The publisher's number of the first one, from 1 on.
  /// Nothing that the publisher has sent before is unanswered. Otherwise the batch is refused
  /// unless it follows on the last one that Redis has taken.
  bool is_first_in_line = true;
  std::vector<Update> updates;
};

/// Refused where a publish would be; changes nothing.
struct ProbePublishing {};

using ScriptMode =
    std::variant<OpenHistory, ReadHistory, PublishBatch, ProbePublishing, Adopt, RecordLoss>;

struct ScriptCall {
  ScriptMode mode;
  EventId known;  ///< The greatest id that the caller has met.
  /// Whether the server acknowledges a write only when it is on its disk. Empty: the caller can't
  /// tell, and somebody else will.
  std::optional<bool> is_durable;
  /// Servers take each other's place (Sentinel, Cluster): the history goes on only where the very
  /// one that wrote last has it.
  bool may_move = false;
  /// The script was loaded on this connection, and is named by its digest. Otherwise the call
  /// carries its text.
  bool names_script = false;
};

// --- The other commands. `AwaitHistory` and `ProbeChannel` are the follower's.

struct LoadScript {};
/// How the server keeps its append-only file.
struct AskDurability {};
/// What an operator should know of the server (`ServerCheck`).
struct AskServer {};
/// Which other deployments use it (`DeploymentWatch`).
struct AskDeployments {};
/// Which server this is, and whether it is a primary: asked where servers take each other's place.
struct AskIdentity {};
/// Of a sentinel: where the primary is, since which change, and where other sentinels are.
struct AskSentinel {};
/// Of a cluster's node: where the owner of the history's slot is, and where other nodes are.
struct AskSlots {};
/// Both channels: of updates, and of adoptions.
struct SubscribeChannels {};

/// Until so many replicas have what was written by this connection, or it has taken too long. What
/// follows waits too.
struct AwaitReplicas {
  std::size_t count = 0;
  Duration timeout{};

  /// After one that was too short. What is sent again is written again: replicas that lag by more
  /// than the timeout would never have it. It costs nothing where they lag less.
  void lengthen() { timeout = std::max(timeout, std::min(timeout * 2, wait_timeout_max)); }
};

/// How many entries `AwaitHistory` brings at most. What comes in a burst is better read by pages,
/// which have a limit of bytes.
inline constexpr std::size_t awaited_max = 4;

using HistoryCommand = std::variant<ScriptCall, LoadScript, AskDurability, AskServer,
                                    AskDeployments, AskIdentity, AskSentinel, AskSlots,
                                    AwaitReplicas, SubscribeChannels, ProbeChannel, AwaitHistory>;

/// What a reply answers.
enum class Question : std::uint8_t {
  script,  ///< `LoadScript`
  open,
  page,
  publish,
  probe,
  adoption,
  loss,
  durability,
  server,
  deployments,
  identity,
  location,  ///< `AskSentinel`
  slots,
  replicas,
  channels,
  channel_probe,
  entries,
};

[[nodiscard]] Question question_of(const HistoryCommand& command);
/// How many replies Redis sends to it.
[[nodiscard]] constexpr std::size_t replies_to(Question question) {
  switch (question) {
    // The address, the change that led to it, and the other sentinels; INFO of the server, its
    // memory and its replication.
    case Question::location:
    case Question::server:
      return 3;
    case Question::deployments:
    case Question::channels:
    case Question::identity:
      return 2;  // One adds this gateway, one lists them all; one for each channel; two of INFO.
    default:
      return 1;
  }
}

// --- Replies.

/// To what has no other answer, or none that the session needs to know.
struct Done {};
/// To `OpenHistory`.
struct HistoryOpened {
  EventId end;
  std::string server;  ///< As `ServerIdentity` has it.
};
/// To `AskServer` and `AskIdentity`: what one of the replies tells. Empty: it does not say.
struct ServerIdentity {
  std::string run_id;          ///< Random, of each start of a server.
  std::string replication_id;  ///< Random, of each server whose writes are replicated.
  bool is_replica = false;
};
/// To `AwaitHistory`; empty if nothing came for some time.
struct AwaitedEntries {
  std::vector<HistoryEntry> entries;
};
/// To `Adopt`: the history no longer holds all since the cursor.
struct CursorTooOld {};
struct Durability {
  bool is_durable = false;
};
/// To `AwaitReplicas`: how many have it.
struct ReplicasReached {
  std::size_t count = 0;
};
/// To `PublishBatch`: what became of each update.
struct Published {
  std::vector<PublishResult> results;
};
/// To `PublishBatch`: a batch before it is not in the history.
struct OutOfOrder {};
/// An error, or what is no answer to the question (`RedisFailureKind::not_redis`).
struct Refused {
  RedisFailure failure;
  /// Who has the history instead, in a cluster. Without a host: one beside the server.
  std::optional<RedisAddress> moved_to = {};
};

/// `EventId`: where the history ends, or which id an update has.
using HistoryReply = std::variant<Done, EventId, HistoryPage, AwaitedEntries, CursorTooOld,
                                  Durability, Published, OutOfOrder, HistoryOpened, ServerIdentity,
                                  ServerLocation, ReplicasReached, Refused>;

}  // namespace regstream::broker
