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

/// What a `HistorySession` wants of its shell.
namespace regstream::broker {

/// The connections to Redis, each for what the others can't do meanwhile.
enum class LinkRole : std::uint8_t {
  caller,     ///< Calls the script.
  listener,   ///< Hears the channels: Redis takes no other commands on it then.
  waiter,     ///< Waits for the history's next entry.
  publisher,  ///< Publishes, where that waits for replicas (WAIT); otherwise the caller does.
  finder,     ///< Asks others where the server of the links above is.
};
inline constexpr std::size_t link_roles_count = 5;
/// Those that lead to the history's server.
inline constexpr std::array server_links{LinkRole::caller, LinkRole::listener, LinkRole::waiter,
                                         LinkRole::publisher};

/// Make a connection: its fate is an input, `on_connected` or `on_lost`.
struct Connect {
  LinkRole link;
  RedisAddress address;
};
/// Close the connection, and tell nothing more of it: for the session it is lost already.
struct GiveUp {
  LinkRole link;
};
/// Send the command. As many replies as `replies_to` says are inputs, in the order of the commands.
struct Call {
  LinkRole link;
  HistoryCommand command;
  bool is_timed = false;  ///< As `Link::ask` says.
};
/// Leave what comes on the channels unread, or read it again. A new connection is read.
struct PauseChannel {
  bool pauses;
};

/// Call the publish's handler, unless it is empty. It may destroy the session's owner.
struct PublishEnded {
  PublishHandler done;
  PublishResult result;
};

// --- What happened, for the log.

/// There is no connection, or none that is of use.
struct RedisFailed {
  RedisFailure failure;
};
/// A call was refused; the connection stays.
struct RedisRefuses {
  RedisFailure failure;
};
/// It does again what it refused to do.
struct RedisTakes {
  std::size_t waiting;  ///< Publishes that are sent now.
};
/// The history is followed from now on; without a follower, the script can be called.
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
/// Publishes were sent, and it is too late to send them again under their keys.
struct PublishesUnknown {
  std::size_t count;
};
/// A message on the channel was none.
struct MessageRefused {
  DecodeError error;
};
/// A message on the channel had another's id; so many so far.
struct MessageForged {
  std::uint64_t count;
  std::int64_t registration_id;  ///< 0: not known.
};
/// The channel's connection ended before all was heard; so many times so far.
struct ChannelOverflowed {
  std::uint64_t count;
};
using SessionFact = std::variant<RedisFailed, RedisRefuses, RedisTakes, RedisFollowed, NotAwaited,
                                 AwaitedAgain, PublishRejected, PublishesUnknown, MessageRefused,
                                 MessageForged, ChannelOverflowed>;

/// `BeginHistory`, `DeliverMessage`, `GoLive` and `CaughtUp` are the subscriber's (`Subscriber`).
using SessionAction = std::variant<Connect, GiveUp, Call, PauseChannel, BeginHistory,
                                   DeliverMessage, GoLive, CaughtUp, PublishEnded, SessionFact>;

}  // namespace regstream::broker
