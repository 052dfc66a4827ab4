#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/message/event_id.hpp>

#include "broker/history/adoption.hpp"
#include "broker/history/failure.hpp"
#include "broker/history/history_follower.hpp"

/// What Redis is asked, and what it answers, as values. A real Redis gets them as RESP
/// (broker/history_call.hpp); the simulated one takes them as they are.
namespace regstream::broker {

// --- The modes of scripts/history.lua, which says what each does. `ReadHistory`, `Adopt` and
// --- `TellLoss` are what the follower asks for.

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
    std::variant<OpenHistory, ReadHistory, PublishBatch, ProbePublishing, Adopt, TellLoss>;

struct ScriptCall {
  ScriptMode mode;
  EventId known;  ///< The greatest id that the caller has met.
  /// Whether the server acknowledges a write only when it is on its disk. Empty: the caller can't
  /// tell, and somebody else will.
  std::optional<bool> is_durable;
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
/// Both channels: of updates, and of adoptions.
struct SubscribeChannels {};

/// How many entries `AwaitHistory` brings at most. What comes in a burst is better read by pages,
/// which have a limit of bytes.
inline constexpr std::size_t awaited_max = 4;

using HistoryCommand = std::variant<ScriptCall, LoadScript, AskDurability, AskServer,
                                    AskDeployments, SubscribeChannels, ProbeChannel, AwaitHistory>;

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
  channels,
  channel_probe,
  entries,
};

[[nodiscard]] Question question_of(const HistoryCommand& command);
/// How many replies Redis sends to it.
[[nodiscard]] constexpr std::size_t replies_to(Question question) {
  switch (question) {
    case Question::server:
      return 3;  // INFO of the server, its memory and its replication.
    case Question::deployments:
    case Question::channels:
      return 2;  // One adds this gateway, one lists them all; one for each channel.
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
/// To `AskServer`: one of its replies.
struct ServerIdentity {
  std::string run_id;  ///< Random, of each start of a server. Empty: the server does not say.
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
/// To `PublishBatch`: what became of each update.
struct Published {
  std::vector<PublishResult> results;
};
/// To `PublishBatch`: a batch before it is not in the history.
struct OutOfOrder {};
/// An error, or what is no answer to the question (`RedisFailureKind::not_redis`).
struct Refused {
  RedisFailure failure;
};

/// `EventId`: where the history ends, or which id an update has.
using HistoryReply =
    std::variant<Done, EventId, HistoryPage, AwaitedEntries, CursorTooOld, Durability, Published,
                 OutOfOrder, HistoryOpened, ServerIdentity, Refused>;

}  // namespace regstream::broker
