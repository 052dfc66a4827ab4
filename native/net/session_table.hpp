#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include <regstream/time.hpp>

#include "net/client_count.hpp"
#include "net/server_limits.hpp"

namespace regstream::net {

/// What a session does. A client can prolong each state except `answering`.
enum class SessionState : std::uint8_t {
  reading_head,  ///< Waits for a request or reads its head; includes a TLS handshake before the
                 ///< first request.
  reading_body,  ///< Reads the body, "100 Continue" included.
  answering,     ///< The handler has the request. No session is evicted for time that the server
                 ///< takes.
  writing,       ///< The answer.
  closing,       ///< Waits for the client to close.
};

/// Decides which session gives way: one that is overdue, or the one that makes the least progress
/// when there is no room. A machine: bytes and time are arguments, and the sessions live elsewhere.
///
/// Progress is measured in time. Each state starts without a lag. A session that moves fewer bytes
/// than `bytes_per_second_min` falls behind; one that moves more gets no credit. So a session is
/// never ahead of a new one. The session with the longest lag makes the least progress.
///
/// Progress orders the sessions, but protects none. Only `grace` protects: a connection's first
/// request, and each response while it is written. Later requests of a kept connection get no
/// grace, because a series of small ones would hold a place for ever. So a new connection waits for
/// at most `grace`, unless all requests are being answered.
class SessionTable {
 public:
  /// Never used twice, so a call for a session that is gone has no effect.
  using Id = std::uint64_t;

  explicit SessionTable(const ServerLimits& limits);

  /// Adds a session, which starts to read a head. Without a client it counts for nobody.
  [[nodiscard]] Id add(const std::optional<ClientAddress>& client, Instant now);
  /// From now on the session counts for this client, or for nobody.
  void count_for(Id id, const std::optional<ClientAddress>& client);
  void remove(Id id);

  /// Enters a state, or the same state again (the next request). Returns the state's deadline, if
  /// it has one.
  std::optional<Instant> enter(Id id, SessionState state, Instant now);
  /// `bytes` more were read or written in this state.
  void progress(Id id, std::size_t bytes, Instant now);
  /// `bytes` is the size of the body or response that the session holds now. Up to
  /// `uncounted_bytes_max` there is always room. False: there is no room, and the session holds
  /// what it held before.
  [[nodiscard]] bool hold(Id id, std::size_t bytes);

  /// Every session is being answered, so none can give way.
  [[nodiscard]] bool is_answering_all() const;
  [[nodiscard]] bool is_full() const { return sessions_.size() >= limits_.sessions_max; }
  /// This client has reached its limit of sessions.
  [[nodiscard]] bool is_full_for(const ClientAddress& client) const;
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }

  /// The session that gives way: to a new connection; to another connection of the same client,
  /// even within its grace; to a body or a response of `asking`, if it holds counted memory.
  [[nodiscard]] std::optional<Id> least_progress(Instant now) const;
  [[nodiscard]] std::optional<Id> least_progress_of(const ClientAddress& client) const;
  [[nodiscard]] std::optional<Id> least_progress_with_memory(Id asking, Instant now) const;

  [[nodiscard]] std::optional<Instant> next_deadline() const;
  /// A session whose deadline has come.
  [[nodiscard]] std::optional<Id> overdue(Instant now) const;

 private:
  struct Session {
    std::optional<ClientAddress> client;
    SessionState state;
    std::optional<Instant> deadline;
    Instant came;     // When it was added,
    Instant entered;  // and when it entered its state.
    Instant progressed_until;
    std::size_t held_bytes = 0;
  };

  [[nodiscard]] bool is_past_grace(const Session& session, Instant now) const;
  template <typename Condition>
  [[nodiscard]] std::optional<Id> find_least_progress(Condition condition) const;
  [[nodiscard]] std::optional<Duration> timeout_of(SessionState state) const;

  ServerLimits limits_;
  std::map<Id, Session> sessions_;  // By age.
  Id last_id_ = 0;
  std::size_t held_bytes_ = 0;
};

}  // namespace regstream::net
