#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// The connection machine's states, and the table of its transitions. core/docs/connection.md is
/// drawn from this file, the comments on its enumerators included.
namespace regstream {

enum class ConnectionState : std::uint8_t {
  idle,         ///< Not asked to connect yet.
  authorizing,  ///< An attempt begins: the caller gets its token. Passed over without tokens.
  connecting,   ///< An attempt is under way: a transport opens.
  open,         ///< Accepted by the server: events arrive.
  waiting,      ///< Between attempts.
  closed,       ///< For good.
};

/// Why the machine entered its state.
enum class ConnectionReason : std::uint8_t {
  none,       ///< Nothing has happened yet.
  requested,  ///< The caller connected, restarted or closed it.
  changed,    ///< The caller asks for something else: the stream is opened anew, and not lost.
  renewed,    ///< Its token expires soon: the stream is opened anew with a fresh one, and not lost.

  token_given,    ///< The attempt's token is there.
  token_refused,  ///< The server answered 401 to the token, so a fresh one is wanted, once.
  accepted,       ///< The server answered with an event stream.
  retry_due,      ///< The wait is over.
  woken,          ///< Online, visible or restored again: the rest of the wait was skipped.

  ended,              ///< The server ended the stream.
  network_failed,     ///< No connection, or it broke.
  timed_out,          ///< No answer, or no token, within `connect_timeout`.
  silent,             ///< No byte for longer than a server that pings is silent.
  refused,            ///< A status that may pass, or an answer that EventSource hides.
  token_unavailable,  ///< The token could not be fetched, which may pass.
  offline,            ///< The network is gone: attempts are rare until it is back; or it was gone.
  restored,           ///< Back from the back-forward cache, where transports die unheard.

  finished,              ///< The server said that what was asked for has ended.
  told_to_stop,          ///< Status 204: the server wants no reconnect.
  unauthorized,          ///< Status 401, where no fresh token may help.
  forbidden,             ///< Status 403.
  wrong_content_type,    ///< 200, but not with an event stream.
  redirect_failed,       ///< A redirect that could not be followed.
  token_denied,          ///< The caller gets no token, for good.
  refused_for_good,      ///< Any other answer, by the policy.
  wrong_content_coding,  ///< 200 with an event stream in a coding that can't be read, such as gzip.

  held_back,  ///< Something on the way holds streams back: polls take the stream's place.
  polled,     ///< A poll is over: the next one begins, or a stream is tried again.
};

/// What moves the machine.
enum class ConnectionEvent : std::uint8_t {
  connect,  ///< The caller wants the stream.
  restart,  ///< The caller wants it anew, at once.
  close,    ///< The caller does not want it any longer.
  changed,  ///< The caller asks for something else since this attempt began, and a frame is over.
  renewed,  ///< The stream's token expires soon, and there is a fresh one, if tokens are needed.

  wake,      ///< Online, visible or restored again, and the server's least delay is over.
  offline,   ///< The network is gone.
  online,    ///< The network was gone, and with it what was open or under way.
  restored,  ///< The page is back from the back-forward cache.

  token_given,        ///< The caller has the attempt's token.
  token_unavailable,  ///< It has none, which may pass.
  token_denied,       ///< It gets none.

  accepted,              ///< 200 with an event stream.
  told_to_stop,          ///< 204.
  refused,               ///< An answer that a retry may cure, by the policy.
  token_refused,         ///< The first 401 to a token since a stream was open.
  unauthorized,          ///< Any other 401.
  forbidden,             ///< 403.
  wrong_content_type,    ///< 200 with anything else.
  wrong_content_coding,  ///< 200 with an event stream in a coding that can't be read, such as gzip.
  redirect_failed,       ///< A redirect that the transport did not follow.
  refused_for_good,      ///< Any other answer.
  finished,              ///< The stream's last message: what was asked for has ended.
  ended,                 ///< The server closed the stream cleanly.
  network_failed,        ///< No connection, or it broke.

  held_back,  ///< The stream has brought no event yet, and a poll beside it has.
  polled,     ///< The server has ended a poll, as it should.

  fell_silent,  ///< Somebody looks, and no byte has come for a ping's interval and `late_grace`.
  deadline,     ///< The state's deadline has come.
};

struct ConnectionTransition {
  ConnectionState from;
  ConnectionEvent event;
  ConnectionState to;
  ConnectionReason reason;
};

// clang-format off
/// All transitions. An event that a state has no row for leaves it as it is; closed has none. A
/// machine that needs no token goes to connecting where a row says authorizing.
inline constexpr std::array<ConnectionTransition, 54> connection_transitions{{
    {ConnectionState::idle,        ConnectionEvent::connect,              ConnectionState::authorizing, ConnectionReason::requested},
    {ConnectionState::idle,        ConnectionEvent::close,                ConnectionState::closed,      ConnectionReason::requested},

    {ConnectionState::authorizing, ConnectionEvent::token_given,          ConnectionState::connecting,  ConnectionReason::token_given},
    {ConnectionState::authorizing, ConnectionEvent::token_unavailable,    ConnectionState::waiting,     ConnectionReason::token_unavailable},
    {ConnectionState::authorizing, ConnectionEvent::token_denied,         ConnectionState::closed,      ConnectionReason::token_denied},
    {ConnectionState::authorizing, ConnectionEvent::told_to_stop,        ConnectionState::closed,      ConnectionReason::told_to_stop},
    {ConnectionState::authorizing, ConnectionEvent::refused,             ConnectionState::waiting,     ConnectionReason::refused},
    {ConnectionState::authorizing, ConnectionEvent::token_refused,       ConnectionState::authorizing, ConnectionReason::token_refused},
    {ConnectionState::authorizing, ConnectionEvent::unauthorized,        ConnectionState::closed,      ConnectionReason::unauthorized},
    {ConnectionState::authorizing, ConnectionEvent::forbidden,           ConnectionState::closed,      ConnectionReason::forbidden},
    {ConnectionState::authorizing, ConnectionEvent::wrong_content_type,  ConnectionState::closed,      ConnectionReason::wrong_content_type},
    {ConnectionState::authorizing, ConnectionEvent::redirect_failed,     ConnectionState::closed,      ConnectionReason::redirect_failed},
    {ConnectionState::authorizing, ConnectionEvent::refused_for_good,    ConnectionState::closed,      ConnectionReason::refused_for_good},
    {ConnectionState::authorizing, ConnectionEvent::deadline,             ConnectionState::waiting,     ConnectionReason::timed_out},
    {ConnectionState::authorizing, ConnectionEvent::restored,             ConnectionState::waiting,     ConnectionReason::restored},
    {ConnectionState::authorizing, ConnectionEvent::online,               ConnectionState::waiting,     ConnectionReason::offline},
    {ConnectionState::authorizing, ConnectionEvent::close,                ConnectionState::closed,      ConnectionReason::requested},

    {ConnectionState::connecting,  ConnectionEvent::accepted,             ConnectionState::open,        ConnectionReason::accepted},
    {ConnectionState::connecting,  ConnectionEvent::told_to_stop,         ConnectionState::closed,      ConnectionReason::told_to_stop},
    {ConnectionState::connecting,  ConnectionEvent::refused,              ConnectionState::waiting,     ConnectionReason::refused},
    {ConnectionState::connecting,  ConnectionEvent::token_refused,        ConnectionState::authorizing, ConnectionReason::token_refused},
    {ConnectionState::connecting,  ConnectionEvent::unauthorized,         ConnectionState::closed,      ConnectionReason::unauthorized},
    {ConnectionState::connecting,  ConnectionEvent::forbidden,            ConnectionState::closed,      ConnectionReason::forbidden},
    {ConnectionState::connecting,  ConnectionEvent::wrong_content_type,   ConnectionState::closed,      ConnectionReason::wrong_content_type},
    {ConnectionState::connecting,  ConnectionEvent::wrong_content_coding, ConnectionState::closed,      ConnectionReason::wrong_content_coding},
    {ConnectionState::connecting,  ConnectionEvent::redirect_failed,      ConnectionState::closed,      ConnectionReason::redirect_failed},
    {ConnectionState::connecting,  ConnectionEvent::refused_for_good,     ConnectionState::closed,      ConnectionReason::refused_for_good},
    {ConnectionState::connecting,  ConnectionEvent::ended,                ConnectionState::waiting,     ConnectionReason::ended},
    {ConnectionState::connecting,  ConnectionEvent::network_failed,       ConnectionState::waiting,     ConnectionReason::network_failed},
    {ConnectionState::connecting,  ConnectionEvent::deadline,             ConnectionState::waiting,     ConnectionReason::timed_out},
    {ConnectionState::connecting,  ConnectionEvent::restored,             ConnectionState::waiting,     ConnectionReason::restored},
    {ConnectionState::connecting,  ConnectionEvent::online,               ConnectionState::waiting,     ConnectionReason::offline},
    {ConnectionState::connecting,  ConnectionEvent::changed,              ConnectionState::authorizing, ConnectionReason::changed},
    {ConnectionState::connecting,  ConnectionEvent::held_back,            ConnectionState::authorizing, ConnectionReason::held_back},
    {ConnectionState::connecting,  ConnectionEvent::close,                ConnectionState::closed,      ConnectionReason::requested},

    {ConnectionState::open,        ConnectionEvent::ended,                ConnectionState::waiting,     ConnectionReason::ended},
    {ConnectionState::open,        ConnectionEvent::network_failed,       ConnectionState::waiting,     ConnectionReason::network_failed},
    {ConnectionState::open,        ConnectionEvent::deadline,             ConnectionState::waiting,     ConnectionReason::silent},
    {ConnectionState::open,        ConnectionEvent::restored,             ConnectionState::waiting,     ConnectionReason::restored},
    {ConnectionState::open,        ConnectionEvent::online,               ConnectionState::waiting,     ConnectionReason::offline},
    {ConnectionState::open,        ConnectionEvent::fell_silent,          ConnectionState::waiting,     ConnectionReason::silent},
    {ConnectionState::open,        ConnectionEvent::restart,              ConnectionState::authorizing, ConnectionReason::requested},
    {ConnectionState::open,        ConnectionEvent::changed,              ConnectionState::authorizing, ConnectionReason::changed},
    {ConnectionState::open,        ConnectionEvent::renewed,              ConnectionState::connecting,  ConnectionReason::renewed},
    {ConnectionState::open,        ConnectionEvent::held_back,            ConnectionState::authorizing, ConnectionReason::held_back},
    {ConnectionState::open,        ConnectionEvent::polled,               ConnectionState::authorizing, ConnectionReason::polled},
    {ConnectionState::open,        ConnectionEvent::token_denied,         ConnectionState::closed,      ConnectionReason::token_denied},
    {ConnectionState::open,        ConnectionEvent::finished,             ConnectionState::closed,      ConnectionReason::finished},
    {ConnectionState::open,        ConnectionEvent::close,                ConnectionState::closed,      ConnectionReason::requested},

    {ConnectionState::waiting,     ConnectionEvent::deadline,             ConnectionState::authorizing, ConnectionReason::retry_due},
    {ConnectionState::waiting,     ConnectionEvent::wake,                 ConnectionState::authorizing, ConnectionReason::woken},
    {ConnectionState::waiting,     ConnectionEvent::offline,              ConnectionState::waiting,     ConnectionReason::offline},
    {ConnectionState::waiting,     ConnectionEvent::restart,              ConnectionState::authorizing, ConnectionReason::requested},
    {ConnectionState::waiting,     ConnectionEvent::close,                ConnectionState::closed,      ConnectionReason::requested},
}};
// clang-format on

/// What a reason says about the stream's chances.
enum class Outlook : std::uint8_t {
  good,      ///< Nothing went wrong.
  may_pass,  ///< Something went wrong, and the machine tries again.
  failed,    ///< Something went wrong for good.
};

[[nodiscard]] Outlook outlook(ConnectionReason reason);

/// The enumerator's own name.
[[nodiscard]] std::string_view to_string(ConnectionState state);
[[nodiscard]] std::string_view to_string(ConnectionReason reason);
[[nodiscard]] std::string_view to_string(ConnectionEvent event);

}  // namespace regstream
