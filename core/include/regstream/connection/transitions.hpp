#pragma once

#include <array>
#include <cstdint>

/// The connection machine's states, and the table of its transitions.
namespace regstream {

enum class ConnectionState : std::uint8_t {
  idle,        ///< Not asked to connect yet.
  connecting,  ///< An attempt is under way.
  open,        ///< Accepted by the server: events arrive.
  waiting,     ///< Between attempts.
  closed,      ///< For good.
};

/// Why the machine entered its state.
enum class ConnectionReason : std::uint8_t {
  none,
  requested,       ///< The caller connected or closed it.
  accepted,        ///< The server answered with an event stream.
  retry_due,       ///< The wait is over.
  woken,           ///< Online, visible or restored again: the rest of the wait was skipped.
  ended,           ///< The server ended the stream.
  network_failed,  ///< No connection, or it broke.
  timed_out,       ///< No answer within `connect_timeout`.
  silent,          ///< No byte within `silence_limit`, though the server pings.
  refused,         ///< A status, or a content type, that a retry may cure.
  told_to_stop,    ///< Status 204.
  refused_for_good,
};

/// What moves the machine.
enum class ConnectionEvent : std::uint8_t {
  connect,           ///< The caller wants the stream.
  close,             ///< The caller does not want it any longer.
  wake,              ///< Online, visible or restored again.
  accepted,          ///< 200 with an event stream.
  told_to_stop,      ///< 204.
  refused,           ///< An answer that a retry may cure, by the policy.
  refused_for_good,  ///< Any other answer.
  ended,             ///< The server closed the stream cleanly.
  network_failed,    ///< No connection, or it broke.
  deadline,          ///< The state's deadline has come.
};

struct ConnectionTransition {
  ConnectionState from;
  ConnectionEvent event;
  ConnectionState to;
  ConnectionReason reason;
};

// clang-format off
/// All transitions. An event that a state has no row for leaves it as it is; closed has none.
inline constexpr std::array<ConnectionTransition, 17> connection_transitions{{
    {ConnectionState::idle,       ConnectionEvent::connect,          ConnectionState::connecting, ConnectionReason::requested},
    {ConnectionState::idle,       ConnectionEvent::close,            ConnectionState::closed,     ConnectionReason::requested},

    {ConnectionState::connecting, ConnectionEvent::accepted,         ConnectionState::open,       ConnectionReason::accepted},
    {ConnectionState::connecting, ConnectionEvent::told_to_stop,     ConnectionState::closed,     ConnectionReason::told_to_stop},
    {ConnectionState::connecting, ConnectionEvent::refused,          ConnectionState::waiting,    ConnectionReason::refused},
    {ConnectionState::connecting, ConnectionEvent::refused_for_good, ConnectionState::closed,     ConnectionReason::refused_for_good},
    {ConnectionState::connecting, ConnectionEvent::ended,            ConnectionState::waiting,    ConnectionReason::ended},
    {ConnectionState::connecting, ConnectionEvent::network_failed,   ConnectionState::waiting,    ConnectionReason::network_failed},
    {ConnectionState::connecting, ConnectionEvent::deadline,         ConnectionState::waiting,    ConnectionReason::timed_out},
    {ConnectionState::connecting, ConnectionEvent::close,            ConnectionState::closed,     ConnectionReason::requested},

    {ConnectionState::open,       ConnectionEvent::ended,            ConnectionState::waiting,    ConnectionReason::ended},
    {ConnectionState::open,       ConnectionEvent::network_failed,   ConnectionState::waiting,    ConnectionReason::network_failed},
    {ConnectionState::open,       ConnectionEvent::deadline,         ConnectionState::waiting,    ConnectionReason::silent},
    {ConnectionState::open,       ConnectionEvent::close,            ConnectionState::closed,     ConnectionReason::requested},

    {ConnectionState::waiting,    ConnectionEvent::deadline,         ConnectionState::connecting, ConnectionReason::retry_due},
    {ConnectionState::waiting,    ConnectionEvent::wake,             ConnectionState::connecting, ConnectionReason::woken},
    {ConnectionState::waiting,    ConnectionEvent::close,            ConnectionState::closed,     ConnectionReason::requested},
}};
// clang-format on

}  // namespace regstream
