#include "net/session_table.hpp"

#include <algorithm>

namespace regstream::net {

SessionTable::SessionTable(const ServerLimits& limits) : limits_(limits) {}

SessionTable::Id SessionTable::add(const std::optional<ClientAddress>& client, Instant now) {
  const Id id = ++last_id_;
  sessions_.emplace(id, Session{.client = client,
                                .state = SessionState::reading_head,
                                .deadline = now + limits_.read_timeout,
                                .came = now,
                                .entered = now,
                                .progressed_until = now});
  return id;
}

void SessionTable::count_for(Id id, const std::optional<ClientAddress>& client) {
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) {
    found->second.client = client;
  }
}

void SessionTable::remove(Id id) {
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) {
    held_bytes_ -= found->second.held_bytes;
    sessions_.erase(found);
  }
}

std::optional<Instant> SessionTable::enter(Id id, SessionState state, Instant now) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) {
    return std::nullopt;
  }
  Session& session = found->second;
  const std::optional<Duration> timeout = timeout_of(state);
  session.state = state;
  session.entered = now;
  session.progressed_until = now;
  session.deadline = timeout ? std::optional(now + *timeout) : std::nullopt;
  return session.deadline;
}

void SessionTable::progress(Id id, std::size_t bytes, Instant now) {
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) {
    Instant& progressed_until = found->second.progressed_until;
    progressed_until =
        std::min(now, progressed_until + Duration(bytes * 1'000 / limits_.bytes_per_second_min));
  }
}

bool SessionTable::hold(Id id, std::size_t bytes) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) {
    return true;
  }
  const std::size_t counted = bytes > limits_.uncounted_bytes_max ? bytes : 0;
  const std::size_t others = held_bytes_ - found->second.held_bytes;
  if (counted > found->second.held_bytes && others + counted > limits_.held_bytes_max) {
    return false;
  }
  found->second.held_bytes = counted;
  held_bytes_ = others + counted;
  return true;
}

bool SessionTable::is_answering_all() const {
  return std::all_of(sessions_.begin(), sessions_.end(), [](const auto& entry) {
    return entry.second.state == SessionState::answering;
  });
}

bool SessionTable::is_full_for(const ClientAddress& client) const {
  if (limits_.sessions_per_client_max == 0) {
    return false;
  }
  const auto count =
      std::count_if(sessions_.begin(), sessions_.end(),
                    [&client](const auto& entry) { return entry.second.client == client; });
  return static_cast<std::size_t>(count) >= limits_.sessions_per_client_max;
}

std::optional<SessionTable::Id> SessionTable::least_progress(Instant now) const {
  return find_least_progress(
      [&](Id, const Session& session) { return is_past_grace(session, now); });
}

std::optional<SessionTable::Id> SessionTable::least_progress_of(const ClientAddress& client) const {
  return find_least_progress(
      [&client](Id, const Session& session) { return session.client == client; });
}

std::optional<SessionTable::Id> SessionTable::least_progress_with_memory(Id asking,
                                                                         Instant now) const {
  return find_least_progress([&](Id id, const Session& session) {
    return id != asking && session.held_bytes > 0 && is_past_grace(session, now);
  });
}

std::optional<Instant> SessionTable::next_deadline() const {
  std::optional<Instant> next;
  for (const auto& [id, session] : sessions_) {
    if (session.deadline && (!next || *session.deadline < *next)) {
      next = session.deadline;
    }
  }
  return next;
}

std::optional<SessionTable::Id> SessionTable::overdue(Instant now) const {
  const auto found = std::find_if(sessions_.begin(), sessions_.end(), [now](const auto& entry) {
    return entry.second.deadline && *entry.second.deadline <= now;
  });
  return found == sessions_.end() ? std::nullopt : std::optional(found->first);
}

// A client can stay in `writing` only by reading large responses, so it can't renew this grace
// cheaply.
bool SessionTable::is_past_grace(const Session& session, Instant now) const {
  const Instant since = session.state == SessionState::writing ? session.entered : session.came;
  return now - since >= limits_.grace;
}

// The oldest session, if several are equally far behind.
template <typename Condition>
std::optional<SessionTable::Id> SessionTable::find_least_progress(Condition condition) const {
  const std::pair<const Id, Session>* least = nullptr;
  for (const auto& entry : sessions_) {
    if (entry.second.state != SessionState::answering && condition(entry.first, entry.second) &&
        (least == nullptr || entry.second.progressed_until < least->second.progressed_until)) {
      least = &entry;
    }
  }
  return least == nullptr ? std::nullopt : std::optional(least->first);
}

std::optional<Duration> SessionTable::timeout_of(SessionState state) const {
  switch (state) {
    case SessionState::reading_head:
    case SessionState::reading_body:
      return limits_.read_timeout;
    case SessionState::answering:
      return std::nullopt;
    case SessionState::writing:
      return limits_.write_timeout;
    case SessionState::closing:
      return limits_.close_timeout;
  }
  return std::nullopt;
}

}  // namespace regstream::net
