// How all connections of a session come to lead to one server: the one that has the history.
#include <algorithm>
#include <utility>

#include "broker/history/history_session.hpp"

namespace regstream::broker {

std::optional<SessionAction> HistorySession::poll_finder(Instant now) {
  auto action = finder_.poll(now);
  // While the primary works, it does not matter that nobody knows of another one.
  if (const auto failure = finder_.take_failure(); failure && !script_.link().is_up()) {
    script_.say_lost(*failure, now);
  }
  if (!action && finder_.take_move()) {
    move(now);
  }
  return action;
}

/// The server that the connection leads to. Empty: not known.
std::string HistorySession::server_of(LinkRole role) const {
  if (finder_.may_move()) {
    return introductions_.server(role);
  }
  return role == LinkRole::caller     ? script_.server()
         : role == LinkRole::listener ? channel_.server()
                                      : std::string{};
}

/// Messages must come from the same server that is called. While the address moves to another
/// server (a failover), two connections may lead to different servers. Then the older ones are made
/// again.
void HistorySession::stay_together(Instant now) {
  std::optional<LinkRole> newest;
  for (const LinkRole role : server_links) {
    const bool is_known = !server_of(role).empty();
    if (is_known && (!newest || link(role).up_since() > link(*newest).up_since())) {
      newest = role;
    }
  }
  if (!newest) {
    return;
  }
  const std::string server = server_of(*newest);
  const auto is_elsewhere = [this, &server](LinkRole role) {
    return !server_of(role).empty() && server_of(role) != server;
  };
  if (std::none_of(server_links.begin(), server_links.end(), is_elsewhere)) {
    return;
  }
  const auto since = link(*newest).up_since();
  for (const LinkRole role : server_links) {
    const auto other = link(role).up_since();
    if (other && *other <= since && server_of(role) != server) {
      give_up(role, moved_failure(), now);
    }
  }
}

/// The history's server has a new address. There is no reason to wait before connecting to it.
void HistorySession::move(Instant now) {
  for (const LinkRole role : server_links) {
    if (link(role).is_begun()) {
      give_up(role, moved_failure(*finder_.primary()), now);
    }
    link(role).hasten_to_moved();
  }
}

void HistorySession::on_identity(LinkRole role, const HistoryReply& reply, Instant now) {
  link(role).on_reply();
  switch (introductions_.on_reply(role, reply)) {
    case Introductions::Outcome::pending:
      return;
    case Introductions::Outcome::primary:
      finder_.confirm();
      begin(role, now);
      stay_together(now);
      return;
    case Introductions::Outcome::replica:
      give_up(role, replica_failure(*finder_.primary()), now);
      finder_.doubt(now);
      return;
    case Introductions::Outcome::unnamed:
      give_up(role, unnamed_failure(*finder_.primary()), now);
      return;
  }
}

}  // namespace regstream::broker
