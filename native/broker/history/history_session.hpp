#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

#include "broker/history/channel_link.hpp"
#include "broker/history/history_follower.hpp"
#include "broker/history/introductions.hpp"
#include "broker/history/link.hpp"
#include "broker/history/readiness.hpp"
#include "broker/history/script_link.hpp"
#include "broker/history/session_action.hpp"
#include "broker/history/session_options.hpp"
#include "broker/topology/server_finder.hpp"

namespace regstream::broker {

/// One process's part in the history in Redis: it publishes into it, follows it and delivers it
/// once and in order. The session joins the follower and the publish line with the connections:
/// which command goes on which connection and in which order, what is sent again, which connection
/// is given up, and when it is made again. All connections lead to one server, which `ServerFinder`
/// finds; when the history moves to another server, the connections follow. Sans-I/O:
/// broker/redis_broker.cpp has real sockets, simulation/ simulated ones.
///
/// Inputs are methods, in the order of events, each with its time. After each input, and after
/// construction, `poll` until it returns nothing, perform each action, and call `handle_deadline`
/// at `next_deadline`. A late call of that is normal. Never call a method within another.
class HistorySession {
 public:
  explicit HistorySession(const HistorySessionOptions& options);
  HistorySession(const HistorySession&) = delete;
  HistorySession& operator=(const HistorySession&) = delete;

  /// Publishes a message. With an empty key, the message has one of its own. `done` may be empty.
  /// If an exception leaves this, the message was not accepted.
  void publish(std::string message, std::string key, PublishHandler&& done, Patience patience);
  /// Follows the history from now on. Without this call the session only publishes.
  void follow();
  /// Asks to deliver everything that the history holds by now; `CaughtUp` follows.
  void catch_up() { follower_.catch_up(); }

  /// A connection that `Connect` asked for is ready for commands.
  void on_connected(LinkRole role, Instant now);
  /// A connection was lost, or could not be made. Not called after `GiveUp`.
  void on_lost(LinkRole role, const RedisFailure& failure, Instant now);
  /// The next reply on a connection. It answers `due`.
  void on_reply(LinkRole role, HistoryReply&& reply, Instant now);
  /// An exception interrupted an input, `poll` or an action, most likely for lack of memory. Close
  /// all connections: unfinished work is sent again on new ones, and the history is delivered
  /// again. Call `poll` at `next_deadline`, not at once.
  void on_interrupted(Instant now) noexcept;
  /// What the next reply answers. Null: no reply is due.
  [[nodiscard]] const Link::Due* due(LinkRole role) { return link(role).due(); }

  /// A message on one of the channels.
  void on_message(std::string_view message) { follower_.on_message(message); }
  /// See `HistoryFollower`.
  void on_channel_behind() { follower_.on_channel_behind(); }
  void on_channel_drained() { follower_.on_channel_drained(); }

  [[nodiscard]] std::optional<SessionAction> poll(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void handle_deadline(Instant now) { handled_at_ = std::max(handled_at_, now); }

  /// The history is followed, and everything that it held was delivered. Without `follow`:
  /// publishes can be sent.
  [[nodiscard]] bool is_connected() const {
    return follows_ ? follower_.is_caught_up() : publisher().is_ready();
  }
  [[nodiscard]] const Obstacles& obstacles() const { return readiness_.obstacles(); }
  [[nodiscard]] const HistoryFollower& follower() const { return follower_; }
  /// Publishes that have not ended.
  [[nodiscard]] const PublishQueue& queue() const { return publisher().queue(); }

 private:
  [[nodiscard]] Link& link(LinkRole role);
  [[nodiscard]] ScriptLink& publisher() { return waits_for_replicas_ ? publishing_ : script_; }
  [[nodiscard]] const ScriptLink& publisher() const {
    return waits_for_replicas_ ? publishing_ : script_;
  }
  void begin(LinkRole role, Instant now);
  bool drop(LinkRole role, Instant now) noexcept;
  void start_over(Instant now);
  void give_up(LinkRole role, const RedisFailure& failure, Instant now);
  void renew(LinkRole role, Instant now);
  [[nodiscard]] std::string server_of(LinkRole role) const;
  void stay_together(Instant now);
  void move(Instant now);
  void on_identity(LinkRole role, const HistoryReply& reply, Instant now);
  [[nodiscard]] std::optional<RedisFailure> on_awaited(HistoryReply&& reply);
  [[nodiscard]] SessionAction call(LinkRole role, HistoryCommand command);
  [[nodiscard]] std::optional<SessionAction> poll_finder(Instant now);
  [[nodiscard]] std::optional<SessionAction> poll_links(Instant now);
  [[nodiscard]] std::optional<SessionAction> poll_follower(Instant now);
  [[nodiscard]] std::optional<SessionAction> poll_fact();
  [[nodiscard]] std::optional<SessionAction> poll_ended();

  HistoryFollower follower_;
  Readiness readiness_{"redis has not been reached yet"};
  std::deque<SessionAction> happened_;  // For `poll`, before anything else.
  ServerFinder finder_;
  Introductions introductions_;
  const bool waits_for_replicas_;
  ScriptLink script_;      // The link `caller`.
  ScriptLink publishing_;  // Idle unless publishes wait for replicas.
  ChannelLink channel_;
  Link waiter_;
  const Duration interruption_pause_;
  std::optional<Instant> start_over_at_;  // After an interruption, until the next `poll`.
  bool follows_ = false;
  bool was_connected_ = false;
  bool is_awaiting_refused_ = false;
  // The follower's counts, as last reported.
  std::uint64_t forged_ = 0;
  std::uint64_t overflowing_ = 0;
  std::size_t unknown_ = 0;  // Publishes with an unknown outcome, not yet reported.
  Instant handled_at_ = Instant::min();
};

}  // namespace regstream::broker
