#pragma once

#include <chrono>
#include <cstddef>

#include <regstream/time.hpp>

namespace regstream::net {

/// What clients may cost. Each limit bounds something that a hostile or faulty client controls.
///
/// Memory of all sessions together: `sessions_max` times 116 KiB in the worst case (a full
/// `buffer_bytes_max`, a parsed header, and a small body or answer), and `held_bytes_max` for the
/// larger bodies and answers; 296 MiB with the defaults. A session that waits for a request has 2
/// KiB.
struct ServerLimits {
  /// Request line and fields. Browsers send 1 to 2 KiB; cookies of other programs on the same host
  /// can add several. More: 431.
  std::size_t header_bytes_max = 16U << 10U;
  /// Bytes that are read but not parsed yet: a header, a chunk's size with its extensions, the
  /// trailer fields of a body. More: 431, or 400 in a body (RFC 9112, 7.1.1).
  std::size_t buffer_bytes_max = 32U << 10U;
  /// The largest request of the interface is a registration of some hundred bytes. More: 413.
  std::size_t body_bytes_max = 1U << 20U;
  /// Larger bodies and responses of all sessions together. If there is no room, the session that
  /// makes the least progress gives way after its `grace`; until then, a new one gets 503.
  std::size_t held_bytes_max = 64U << 20U;
  /// A body or a response up to this size doesn't count there. Registrations, health and errors are
  /// that small, so they are always read and answered, whatever others hold.
  std::size_t uncounted_bytes_max = 16U << 10U;

  /// Time limit from the first wait for a request to the end of its header, and again for its body.
  /// A client that trickles bytes can't hold a session for longer.
  Duration read_timeout{30'000};
  /// Time limit for sending one response; the largest are the page's files.
  Duration write_timeout{60'000};
  /// Time limit for the client to read the last response and close.
  Duration close_timeout{5'000};
  /// Bytes that are read and dropped after the last response, so that closing doesn't reset the
  /// connection before the client has read it. The rest of a refused body may still arrive.
  std::size_t discarded_bytes_max = 4U << 20U;

  /// A request that moves fewer bytes a second falls behind (the rate of Apache's mod_reqtimeout).
  std::size_t bytes_per_second_min = 500;
  /// Connections at a time. Streams leave their session, and don't count. One more takes the place
  /// of the request that makes the least progress; if all are being answered, it gets 503.
  std::size_t sessions_max = 2048;
  /// How long a new connection, and a response that is being written, is safe from giving way. So
  /// each of many that come at once has the time to send its request. Newer connections wait for as
  /// long in the system's queue.
  Duration grace{100};
  /// Connections of one client at a time, streams included. One more takes the place of its own
  /// request that makes the least progress; if there is none, it gets 429. 0: no limit.
  std::size_t connections_per_client_max = 0;
  /// How many of those may be requests that are read and answered, so that one client can't take
  /// all places. One more is handled in the same way. 0: no limit.
  std::size_t sessions_per_client_max = 0;
  /// Connections from a loopback address are not counted. They are from a program on this machine,
  /// such as a proxy for all clients.
  bool exempts_loopback = true;
};

}  // namespace regstream::net
