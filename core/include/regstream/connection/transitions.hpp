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

namespace transition_table {

using State = ConnectionState;
using Event = ConnectionEvent;
using Reason = ConnectionReason;

// clang-format off
/// All transitions. An event that a state has no row for leaves it as it is; closed has none. A
/// machine that needs no token goes to connecting where a row says authorizing.
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
