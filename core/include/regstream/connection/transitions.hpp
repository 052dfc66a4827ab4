#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// The connection machine's states, and the table of its transitions. core/docs/connection.md is
/// generated from this file, including the comments on the enumerators.
namespace regstream {

enum class ConnectionState : std::uint8_t {
  idle,         ///< The caller has not called `connect` yet.
  authorizing,  ///< An attempt begins: the caller gets its token. Skipped without tokens.
  connecting,   ///< An attempt is in progress: a transport opens.
  open,         ///< The server accepted the stream: events arrive.
  waiting,      ///< Between two attempts.
  closed,       ///< Closed for good.
};

/// Why the machine entered its state.
enum class ConnectionReason : std::uint8_t {
  none,       ///< Nothing has happened yet.
  requested,  ///< The caller connected, restarted or closed it.
  changed,    ///< The caller asks for something else: the stream is replaced, not lost.
  renewed,    ///< The token expires soon: the stream is replaced with a fresh one, not lost.

  token_given,    ///< The caller has the attempt's token.
  token_refused,  ///< The server answered 401 to the token: a fresh one is requested, once.
  accepted,       ///< The server answered with an event stream.
  retry_due,      ///< The wait is over.
  woken,          ///< Online, visible or restored again: the rest of the wait is skipped.

  ended,              ///< The server ended the stream.
  network_failed,     ///< No connection, or it broke.
  timed_out,          ///< No answer, or no token, within `connect_timeout`.
  silent,             ///< No byte for longer than a server that pings stays silent.
  refused,            ///< A temporary failure status, or an answer whose status EventSource hides.
  token_unavailable,  ///< The token could not be fetched, temporarily.
  offline,   ///< The network is gone and attempts are rare until it is back; or it was gone.
  restored,  ///< Back from the back-forward cache, where transports die without a report.

  finished,              ///< The server said that the requested updates have ended.
  told_to_stop,          ///< Status 204: the server wants no reconnect.
  unauthorized,          ///< Status 401, and a fresh token won't help.
  forbidden,             ///< Status 403.
  wrong_content_type,    ///< 200, but not with an event stream.
  redirect_failed,       ///< The transport could not follow a redirect.
  token_denied,          ///< The caller will not get a token.
  refused_for_good,      ///< Any other answer that the policy does not retry.
  wrong_content_coding,  ///< 200 with an event stream in a coding that the transport can't decode,
                         ///< such as gzip.

  held_back,  ///< Something on the way holds streams back: polls replace the stream.
  polled,     ///< A poll has ended: the next one begins, or a stream is tried again.
};

/// What makes the machine change its state.
enum class ConnectionEvent : std::uint8_t {
  connect,  ///< The caller wants the stream.
  restart,  ///< The caller wants a new stream, at once.
  close,    ///< The caller no longer wants the stream.
  changed,  ///< The caller asks for something else than this attempt did, and `change_delay` is
            ///< over.
  renewed,  ///< The stream's token expires soon, and a fresh one is there, if tokens are needed.

  wake,      ///< Online, visible or restored again, and the server's minimum delay is over.
  offline,   ///< The network is gone.
  online,    ///< The network was gone, and the stream or attempt with it.
  restored,  ///< The page is back from the back-forward cache.

  token_given,        ///< The caller has the attempt's token.
  token_unavailable,  ///< The caller has no token, temporarily.
  token_denied,       ///< The caller will not get a token.

  accepted,              ///< 200 with an event stream.
  told_to_stop,          ///< 204.
  refused,               ///< An answer that the policy retries.
  token_refused,         ///< The first 401 to a token since a stream was last open.
  unauthorized,          ///< Any other 401.
  forbidden,             ///< 403.
  wrong_content_type,    ///< 200 with anything else.
  wrong_content_coding,  ///< 200 with an event stream in a coding that the transport can't decode,
                         ///< such as gzip.
  redirect_failed,       ///< A redirect that the transport could not follow.
  refused_for_good,      ///< Any other answer.
  finished,              ///< The stream's last message: the requested updates have ended.
  ended,                 ///< The server closed the stream cleanly.
  network_failed,        ///< No connection, or it broke.

  held_back,  ///< The stream has delivered no event yet, and a poll beside it has.
  polled,     ///< The server has ended a poll, as expected.

  fell_silent,  ///< A user looks, and no byte has arrived for a ping's interval and `late_grace`.
  deadline,     ///< The state's deadline has come.
};

struct ConnectionTransition {
  ConnectionState from;
  ConnectionEvent event;
  ConnectionState to;
  ConnectionReason reason;
};

namespace transition_table {

using State = ConnectionState;
using Event = ConnectionEvent;
using Reason = ConnectionReason;

// clang-format off
/// All transitions. A state ignores an event that it has no row for; `closed` ignores all. Where a
/// row says `authorizing`, a machine without tokens goes to `connecting`.
inline constexpr std::array<ConnectionTransition, 54> connection_transitions{{
    {State::idle,        Event::connect,              State::authorizing, Reason::requested},
    {State::idle,        Event::close,                State::closed,      Reason::requested},

    {State::authorizing, Event::token_given,          State::connecting,  Reason::token_given},
    {State::authorizing, Event::token_unavailable,    State::waiting,     Reason::token_unavailable},
    {State::authorizing, Event::token_denied,         State::closed,      Reason::token_denied},
    {State::authorizing, Event::told_to_stop,         State::closed,      Reason::told_to_stop},
    {State::authorizing, Event::refused,              State::waiting,     Reason::refused},
    {State::authorizing, Event::token_refused,        State::authorizing, Reason::token_refused},
    {State::authorizing, Event::unauthorized,         State::closed,      Reason::unauthorized},
    {State::authorizing, Event::forbidden,            State::closed,      Reason::forbidden},
    {State::authorizing, Event::wrong_content_type,   State::closed,      Reason::wrong_content_type},
    {State::authorizing, Event::redirect_failed,      State::closed,      Reason::redirect_failed},
    {State::authorizing, Event::refused_for_good,     State::closed,      Reason::refused_for_good},
    {State::authorizing, Event::deadline,             State::waiting,     Reason::timed_out},
    {State::authorizing, Event::restored,             State::waiting,     Reason::restored},
    {State::authorizing, Event::online,               State::waiting,     Reason::offline},
    {State::authorizing, Event::close,                State::closed,      Reason::requested},

    {State::connecting,  Event::accepted,             State::open,        Reason::accepted},
    {State::connecting,  Event::told_to_stop,         State::closed,      Reason::told_to_stop},
    {State::connecting,  Event::refused,              State::waiting,     Reason::refused},
    {State::connecting,  Event::token_refused,        State::authorizing, Reason::token_refused},
    {State::connecting,  Event::unauthorized,         State::closed,      Reason::unauthorized},
    {State::connecting,  Event::forbidden,            State::closed,      Reason::forbidden},
    {State::connecting,  Event::wrong_content_type,   State::closed,      Reason::wrong_content_type},
    {State::connecting,  Event::wrong_content_coding, State::closed,      Reason::wrong_content_coding},
    {State::connecting,  Event::redirect_failed,      State::closed,      Reason::redirect_failed},
    {State::connecting,  Event::refused_for_good,     State::closed,      Reason::refused_for_good},
    {State::connecting,  Event::ended,                State::waiting,     Reason::ended},
    {State::connecting,  Event::network_failed,       State::waiting,     Reason::network_failed},
    {State::connecting,  Event::deadline,             State::waiting,     Reason::timed_out},
    {State::connecting,  Event::restored,             State::waiting,     Reason::restored},
    {State::connecting,  Event::online,               State::waiting,     Reason::offline},
    {State::connecting,  Event::changed,              State::authorizing, Reason::changed},
    {State::connecting,  Event::held_back,            State::authorizing, Reason::held_back},
    {State::connecting,  Event::close,                State::closed,      Reason::requested},

    {State::open,        Event::ended,                State::waiting,     Reason::ended},
    {State::open,        Event::network_failed,       State::waiting,     Reason::network_failed},
    {State::open,        Event::deadline,             State::waiting,     Reason::silent},
    {State::open,        Event::restored,             State::waiting,     Reason::restored},
    {State::open,        Event::online,               State::waiting,     Reason::offline},
    {State::open,        Event::fell_silent,          State::waiting,     Reason::silent},
    {State::open,        Event::restart,              State::authorizing, Reason::requested},
    {State::open,        Event::changed,              State::authorizing, Reason::changed},
    {State::open,        Event::renewed,              State::connecting,  Reason::renewed},
    {State::open,        Event::held_back,            State::authorizing, Reason::held_back},
    {State::open,        Event::polled,               State::authorizing, Reason::polled},
    {State::open,        Event::token_denied,         State::closed,      Reason::token_denied},
    {State::open,        Event::finished,             State::closed,      Reason::finished},
    {State::open,        Event::close,                State::closed,      Reason::requested},

    {State::waiting,     Event::deadline,             State::authorizing, Reason::retry_due},
    {State::waiting,     Event::wake,                 State::authorizing, Reason::woken},
    {State::waiting,     Event::offline,              State::waiting,     Reason::offline},
    {State::waiting,     Event::restart,              State::authorizing, Reason::requested},
    {State::waiting,     Event::close,                State::closed,      Reason::requested},
}};
// clang-format on

}  // namespace transition_table

using transition_table::connection_transitions;

/// What a reason says about the chances of the stream.
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
