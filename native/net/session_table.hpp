#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include <regstream/time.hpp>

#include "net/client_count.hpp"
#include "net/server_limits.hpp"

namespace regstream::net {

/// What a session does. Each state but `answering` is one that a client can hold on to.
enum class SessionState : std::uint8_t {
  reading_head,  ///< From the first wait for a request on; also idle between two, and before
                 ///< the first one a TLS handshake.
  reading_body,  ///< From the head on, "100 Continue" included.
  answering,     ///< The request's handler has it: nobody is evicted for what the server takes.
  writing,       ///< The answer.
  closing,       ///< Waiting for the client to close.
};

/// Decides which session gives way: who is overdue, and who makes the least progress when there is
/// no room. Bytes and time come in as arguments; the sessions themselves are somebody else's.
///
/// The measure of progress: each state begins with nothing owed. From then on a session owes
/// `bytes_per_second_min`, and pays with the bytes it moves; what it moves beyond that is not
/// credited. So a session is never ahead of one that has just come, it lags by as long as it has
/// not paid for, and the one that lags most makes the least progress.
///
/// Progress orders the sessions, and protects none. Age does, for `grace`: a connection's first
/// request, and each answer while it is written. A kept connection's next requests get no grace, or
/// small ones in a row would hold a place for ever. So whatever clients pay, a newcomer waits for
/// `grace` at most, unless all requests are being answered.
class SessionTable {
 public:
  /// Never used again, so that a call for a session that is gone has no effect.
  using Id = std::uint64_t;

  explicit SessionTable(const ServerLimits& limits);

  /// A session comes, to read a head. Without a client it counts for nobody.
  [[nodiscard]] Id add(const std::optional<ClientAddress>& client, Instant now);
  /// From now on it counts for this client, or for nobody.
  void count_for(Id id, const std::optional<ClientAddress>& client);
  void remove(Id id);

  /// Also where it is the same state again (the next request). Gives its deadline, if it has one.
  std::optional<Instant> enter(Id id, SessionState state, Instant now);
  /// `bytes` more were read or written in this state.
  void progress(Id id, std::size_t bytes, Instant now);
  /// `bytes` is what the session holds now of a body or an answer; up to `uncounted_bytes_max`
  /// there is always room. False: there is none, and the session holds what it held before.
  [[nodiscard]] bool hold(Id id, std::size_t bytes);

  /// Every session is being answered: nobody will give way.
  [[nodiscard]] bool is_answering_all() const;
  [[nodiscard]] bool is_full() const { return sessions_.size() >= limits_.sessions_max; }
  /// This client has as many sessions as it may have.
  [[nodiscard]] bool is_full_for(const ClientAddress& client) const;
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }

  /// Who gives way to a connection; who to another connection of the same client, even within its
  /// grace; and who to a body or an answer of `asking`, if it holds memory that is counted.
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
    Instant came;     // As a connection,
    Instant entered;  // and into its state.
    Instant paid_until;
    std::size_t held_bytes = 0;
  };

  [[nodiscard]] bool had_grace(const Session& session, Instant now) const;
  template <typename Condition>
  [[nodiscard]] std::optional<Id> find_least_progress(Condition condition) const;
  [[nodiscard]] std::optional<Duration> timeout_of(SessionState state) const;

  ServerLimits limits_;
  std::map<Id, Session> sessions_;  // By age.
  Id last_id_ = 0;
  std::size_t held_bytes_ = 0;
};

}  // namespace regstream::net
