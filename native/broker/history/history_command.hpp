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

/// Commands to Redis and its replies, as values. A real Redis gets them as RESP
/// (broker/history_call.hpp); the simulated one takes them as they are.
namespace regstream::broker {

// --- The modes of scripts/history, which says what each does. `ReadHistory`, `Adopt` and
// --- `RecordLoss` are what the follower asks for.

/// Open the history, and say where it ends and which server has it.
struct OpenHistory {};

/// Consecutive updates of one publisher.
struct PublishBatch {
  struct Update {
    std::string message;
    std::string key;  ///< The application's key. Empty: none.
  };
  std::string publisher;    ///< A name that no other process has.
  std::uint64_t first = 0;  ///< The publisher's number of the first update, from 1 on.
  /// True: no earlier call of the publisher is unanswered. Otherwise Redis refuses the batch unless
  /// it follows the last one that Redis accepted.
  bool is_first_in_line = true;
  std::vector<Update> updates;
};

/// Is refused whenever a publish would be. Changes nothing.
struct ProbePublishing {};

using ScriptMode =
    std::variant<OpenHistory, ReadHistory, PublishBatch, ProbePublishing, Adopt, RecordLoss>;

struct ScriptCall {
  ScriptMode mode;
  EventId known;  ///< The greatest id that the caller has seen.
  /// Whether the server acknowledges a write only after it is on disk. Empty: the caller can't
  /// tell, and someone else will.
  std::optional<bool> is_durable;
  /// Servers may take each other's place (Sentinel, Cluster): the history continues only on the
  /// very server that wrote last.
  bool may_move = false;
  /// True: the script was loaded on this connection, and is called by its digest. Otherwise the
  /// call carries its text.
  bool names_script = false;
};

// --- The other commands. `AwaitHistory` and `ProbeChannel` are the follower's.

struct LoadScript {};
/// How does the server sync its append-only file?
struct AskDurability {};
/// What should an operator know about the server (`ServerCheck`)?
struct AskServer {};
/// Which other deployments use it (`DeploymentWatch`)?
struct AskDeployments {};
/// Which server is this, and is it a primary? Asked where servers may take each other's place.
struct AskIdentity {};
/// To a sentinel: where is the primary, since which change, and where are other sentinels?
struct AskSentinel {};
/// To a cluster node: where is the owner of the history's slot, and where are other nodes?
struct AskSlots {};
/// Subscribe to both channels: of updates, and of adoptions.
struct SubscribeChannels {};

/// Wait until this many replicas have what this connection wrote, or until the timeout. Later
/// commands wait as well.
struct AwaitReplicas {
  std::size_t count = 0;
  Duration timeout{};

  /// Called after a timeout. A resent update is written again, so replicas that always lag by more
  /// than the timeout would never confirm it. A longer timeout costs nothing where they lag less.
  void lengthen() { timeout = std::max(timeout, std::min(timeout * 2, wait_timeout_max)); }
};

/// How many entries `AwaitHistory` returns at most. A burst is better read by pages, which have a
/// limit of bytes.
inline constexpr std::size_t awaited_max = 4;

using HistoryCommand = std::variant<ScriptCall, LoadScript, AskDurability, AskServer,
                                    AskDeployments, AskIdentity, AskSentinel, AskSlots,
                                    AwaitReplicas, SubscribeChannels, ProbeChannel, AwaitHistory>;

/// The question that a reply answers.
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
    // The address, its configuration epoch, and the other sentinels; INFO of the server, its memory
    // and its replication.
    case Question::location:
    case Question::server:
      return 3;
    case Question::deployments:
    case Question::channels:
    case Question::identity:
      return 2;  // One adds this gateway and one lists all; one per channel; two sections of INFO.
    default:
      return 1;
  }
}

// --- Replies.

/// For questions without a more specific reply.
struct Done {};
/// To `OpenHistory`.
struct HistoryOpened {
  EventId end;
  std::string server;  ///< Its `ServerIdentity::run_id`.
};
/// To `AskServer` and `AskIdentity`: what one of their replies tells. Empty members: it does not
/// say.
struct ServerIdentity {
  std::string run_id;          ///< Random, new at each start of a server.
  std::string replication_id;  ///< Random, one for each server whose writes are replicated.
  bool is_replica = false;
};
/// To `AwaitHistory`. Empty if no entry came in time.
struct AwaitedEntries {
  std::vector<HistoryEntry> entries;
};
/// To `Adopt`: the history no longer holds everything since the cursor.
struct CursorTooOld {};
struct Durability {
  bool is_durable = false;
};
/// To `AwaitReplicas`: how many replicas have the writes.
struct ReplicasReached {
  std::size_t count = 0;
};
/// To `PublishBatch`: the result of each update.
struct Published {
  std::vector<PublishResult> results;
};
/// To `PublishBatch`: an earlier batch is not in the history.
struct OutOfOrder {};
/// An error, or a reply that does not answer the question (`RedisFailureKind::not_redis`).
struct Refused {
  RedisFailure failure;
  /// In a cluster: the node that has the history instead. Without a host: same host as the server.
  std::optional<RedisAddress> moved_to = {};
};

/// `EventId`: where the history ends, or the id of an update.
using HistoryReply = std::variant<Done, EventId, HistoryPage, AwaitedEntries, CursorTooOld,
                                  Durability, Published, OutOfOrder, HistoryOpened, ServerIdentity,
                                  ServerLocation, ReplicasReached, Refused>;

}  // namespace regstream::broker
