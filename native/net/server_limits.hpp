#pragma once

#include <chrono>
#include <cstddef>

#include <regstream/time.hpp>

namespace regstream::net {

/// What clients may cost. Each limit bounds something that a hostile or broken client controls.
///
/// Memory of all sessions together: `sessions_max` times 116 KiB in the worst case (a full
/// `buffer_bytes_max`, a parsed header, and a small body or answer), and `held_bytes_max` for the
/// larger bodies and answers; 296 MiB with the defaults. A session that waits for a request has 2
/// KiB.
struct ServerLimits {
  /// Request line and fields. Browsers send 1 to 2 KiB; cookies of other programs on the same host
  /// can add several. More: 431.
  std::size_t header_bytes_max = 16U << 10U;
  /// What is read and not yet understood: a header, a chunk's size with its extensions, the
  /// trailer fields of a body. More: 431, or in a body 400 (RFC 9112, 7.1.1).
  std::size_t buffer_bytes_max = 32U << 10U;
  /// The largest request of the interface is a registration of some hundred bytes. More: 413.
  std::size_t body_bytes_max = 1U << 20U;
  /// Larger bodies and answers of all sessions together. Where there is no room, the one that makes
  /// the least progress gives way after its `grace`; until then, the new one gets 503.
  std::size_t held_bytes_max = 64U << 20U;
  /// A body or an answer up to this size is not counted there. Registrations, health and errors are
  /// that small, so whatever others hold, these are read and answered.
  std::size_t uncounted_bytes_max = 16U << 10U;

  /// From the first wait for a request to the end of its header, and as long again for its body:
  /// whoever trickles bytes does not hold a session for longer.
  Duration read_timeout{30'000};
  /// For sending one answer; the largest are the page's files.
  Duration write_timeout{60'000};
  /// For the client to take the last answer and close.
  Duration close_timeout{5'000};
  /// Bytes read and dropped after the last answer, so that closing does not reset the connection
  /// before the client has read it. A body that was refused may still be under way.
  std::size_t discarded_bytes_max = 4U << 20U;

  /// A request that moves fewer bytes a second falls behind (the rate of Apache's mod_reqtimeout).
  std::size_t bytes_per_second_min = 500;
  /// Connections at a time; streams leave their session, and do not count. One more takes the place
  /// of the request that makes the least progress; where all are being answered: 503.
  std::size_t sessions_max = 2048;
  /// How long a new connection, and an answer that is being written, can't be made to give way: of
  /// many that come at once, each has the time to say what it wants. Newer connections wait for as
  /// long in the system's queue.
  Duration grace{100};
  /// Connections of one client at a time, its streams included; one more takes the place of its own
  /// request that has made the least progress; where there is none: 429. 0: any number.
  std::size_t connections_per_client_max = 0;
  /// How many of those may be requests that are read and answered, so that one client never has
  /// the places of all. One more is handled in the same way. 0: any number.
  std::size_t sessions_per_client_max = 0;
  /// A peer on a loopback address is a program of this machine, such as a proxy that all clients
  /// come through: its connections are not counted.
  bool exempts_loopback = true;
};

}  // namespace regstream::net
