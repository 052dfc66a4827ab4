#pragma once

#include <deque>
#include <optional>
#include <string>

#include <regstream/time.hpp>

#include "broker/history/history_follower.hpp"
#include "broker/history/link.hpp"
#include "broker/history/readiness.hpp"
#include "broker/history/refusal_gate.hpp"
#include "broker/history/session_action.hpp"
#include "broker/history/session_options.hpp"

namespace regstream::broker {

/// Subscribes to the channels for a follower. Sans-I/O. First it asks where the history ends. It
/// sends the script's text for that, since the caller may not have loaded the script yet. If Redis
/// refuses for now, it asks again on the same connection.
class ChannelLink {
 public:
  /// The arguments are those of `ScriptLink`.
  ChannelLink(const HistorySessionOptions& options, HistoryFollower& follower, Readiness& readiness,
              std::deque<SessionAction>& happened);

  [[nodiscard]] Link& link() { return link_; }
  [[nodiscard]] const Link& link() const { return link_; }
  void on_connected() { is_open_wanted_ = true; }
  /// The connection is lost. `say_lost` follows, with the reason.
  void on_lost() noexcept;
  void say_lost(const RedisFailure& failure);
  /// Why to give the connection up. Empty: keep it.
  [[nodiscard]] std::optional<RedisFailure> on_reply(HistoryReply&& reply, Instant now);

  /// The server that has the channels; see `HistoryOpened`. Empty: not known.
  [[nodiscard]] const std::string& server() const { return server_; }
  [[nodiscard]] std::optional<HistoryCommand> poll(Instant now);
  /// Returned when it changes: whether to leave the channels unread from now on.
  [[nodiscard]] std::optional<bool> poll_pause();
  [[nodiscard]] std::optional<Instant> next_deadline(Instant since) const;

 private:
  HistoryFollower& follower_;
  Readiness& readiness_;
  std::deque<SessionAction>& happened_;
  Link link_;
  RefusalGate gate_;
  const bool may_move_;  // Servers may take each other's place.
  bool is_open_wanted_ = false;
  bool is_subscription_wanted_ = false;
  bool is_paused_ = false;
  std::string server_;
  EventId position_;  // Where the history ended before the subscription.
};

}  // namespace regstream::broker
