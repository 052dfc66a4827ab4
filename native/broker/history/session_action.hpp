#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include <regstream/broker/broker.hpp>
#include <regstream/broker/redis_options.hpp>
#include <regstream/message/codec.hpp>

#include "broker/history/failure.hpp"
#include "broker/history/history_command.hpp"
#include "broker/history/history_follower.hpp"

/// The actions of a `HistorySession` for its shell.
namespace regstream::broker {

/// The connections to Redis. Each does what the others can't do at the same time.
enum class LinkRole : std::uint8_t {
  caller,     ///< Calls the script.
  listener,   ///< Subscribes to the channels. Redis accepts no other commands on this connection
              ///< then.
  waiter,     ///< Waits for the history's next entry.
  publisher,  ///< Publishes, if publishes wait for replicas (WAIT). Otherwise `caller` does.
  finder,     ///< Asks sentinels or nodes where the server is.
};
inline constexpr std::size_t link_roles_count = 5;
/// The connections to the history's server.
inline constexpr std::array server_links{LinkRole::caller, LinkRole::listener, LinkRole::waiter,
                                         LinkRole::publisher};

/// Make a connection. `on_connected` or `on_lost` follows.
struct Connect {
  LinkRole link;
  RedisAddress address;
};
/// Close the connection, and report nothing more of it: for the session it is already lost.
struct GiveUp {
  LinkRole link;
};
/// Send the command. Pass as many replies as `replies_to` says to `on_reply`, in the order of the
/// commands.
struct Call {
  LinkRole link;
  HistoryCommand command;
  bool is_timed = false;  ///< See `Link::ask`.
};
/// Stop reading the channels' connection, or read it again. A new connection is read.
struct PauseChannel {
  bool pauses;
};

/// Call the publish's handler, unless it is empty. The handler may destroy the session's owner.
struct PublishEnded {
  PublishHandler done;
  PublishResult result;
};

// --- What happened, for the log.

/// There is no usable connection.
struct RedisFailed {
  RedisFailure failure;
};
/// A call was refused. The connection stays.
struct RedisRefuses {
  RedisFailure failure;
};
/// Redis accepts calls again after a refusal.
struct RedisAccepts {
  std::size_t waiting;  ///< Publishes that are sent now.
};
/// The history is followed from now on. Without a follower: the script can be called.
struct RedisFollowed {
  std::size_t waited;  ///< Publishes that waited for the connection.
};
struct NotAwaited {
  RedisFailure failure;
};
struct AwaitedAgain {};
/// A publish failed for good.
struct PublishRejected {
  std::string what;
};
/// Publishes were sent, their outcome is unknown, and it is too late to send them again under their
/// keys.
struct PublishesUnknown {
  std::size_t count;
};
/// A message on the channel was malformed.
struct MessageRefused {
  DecodeError error;
};
/// A message on the channel carried another message's id. `count` is the total so far.
struct MessageForged {
  std::uint64_t count;
  std::int64_t registration_id;  ///< 0: not known.
};
/// The channel's connection ended before everything was received. `count` is the total so far.
struct ChannelOverflowed {
  std::uint64_t count;
};
using SessionFact = std::variant<RedisFailed, RedisRefuses, RedisAccepts, RedisFollowed, NotAwaited,
                                 AwaitedAgain, PublishRejected, PublishesUnknown, MessageRefused,
                                 MessageForged, ChannelOverflowed>;

/// `BeginHistory`, `DeliverMessage`, `GoLive` and `CaughtUp` are calls of the subscriber
/// (`Subscriber`).
using SessionAction = std::variant<Connect, GiveUp, Call, PauseChannel, BeginHistory,
                                   DeliverMessage, GoLive, CaughtUp, PublishEnded, SessionFact>;

}  // namespace regstream::broker
