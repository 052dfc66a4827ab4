#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

#include "broker/history/history_follower.hpp"
#include "broker/history/link.hpp"
#include "broker/history/publish_line.hpp"
#include "broker/history/readiness.hpp"
#include "broker/history/refusal_gate.hpp"
#include "broker/history/session_action.hpp"
#include "broker/history/session_options.hpp"

namespace regstream::broker {

/// What a link calls the script for.
enum class ScriptDuty : std::uint8_t { all, reading, publishing };

/// Calls the script: publishes, and reads and adopts for a follower. Sans-I/O. What Redis refuses
/// in passing is asked again, on the same connection; what was on its way when the connection was
/// lost, or Redis had forgotten the script, is asked again on the next one, in order.
///
/// A link for publishing alone may wait for replicas: WAIT follows what is sent together, and the
/// answers count once it is over. Where too few replicas have it, the connection is given up: what
/// was published is sent again, under its keys, and the next WAIT may take longer.
class ScriptLink {
 public:
  static constexpr Duration deployments_interval{20'000};
  /// An operator may change its limit of memory, and what happens there, while it runs.
  static constexpr Duration server_interval{20'000};

  /// `follower` hears the answers, `readiness` how calls end, and `happened` gets what is to be
  /// said of them. All outlive the link.
  ScriptLink(const HistorySessionOptions& options, HistoryFollower& follower, Readiness& readiness,
             std::deque<SessionAction>& happened, ScriptDuty duty);

  /// From now on it keeps finding out whether publishes would be taken, while there are none, and
  /// asks each server that it reaches, and now and then again, what an operator should know of it.
  void begin_probing() { probes_ = true; }
  void publish(std::string message, std::string key, PublishHandler&& done, Patience patience);

  [[nodiscard]] Link& link() { return link_; }
  [[nodiscard]] const Link& link() const { return link_; }
  void on_connected(Instant now);
  /// The connection is no more. `say_lost` follows, with the reason.
  void on_lost(Instant now) noexcept;
  void say_lost(const RedisFailure& failure, Instant now);
  /// Why the connection is to be given up, if it is.
  [[nodiscard]] std::optional<RedisFailure> on_reply(HistoryReply&& reply, Instant now);
  /// The same, once nothing is due any more: another server may have the address.
  [[nodiscard]] std::optional<RedisFailure> poll_leaving();

  /// What to send next of the link's own.
  [[nodiscard]] std::optional<HistoryCommand> poll(Instant now);
  /// Whether the follower may read, and adopt or tell of a loss; and its call, for it to send.
  [[nodiscard]] bool may_read(Instant now) const;
  [[nodiscard]] bool may_adopt(Instant now) const;
  [[nodiscard]] ScriptCall call(ScriptMode&& wanted);
  [[nodiscard]] std::optional<PublishLine::Ended> poll_ended() { return line_.poll_ended(); }
  /// When to `poll` again. What may be done by then, but nobody wants, is left out: `since` is when
  /// that was found.
  [[nodiscard]] std::optional<Instant> next_deadline(Instant since) const;

  /// The script can be called.
  [[nodiscard]] bool is_ready() const { return line_.is_up(); }
  /// Which server is called, as `ServerIdentity` says. Empty: not known.
  [[nodiscard]] const std::string& server() const { return server_; }
  /// Publishes that waited when the connection came; then none.
  [[nodiscard]] std::size_t take_waited() { return std::exchange(waited_, 0); }
  /// Writes are taken after a replica has refused them, by another server, perhaps. Once.
  [[nodiscard]] bool take_primary_found() { return std::exchange(has_found_primary_, false); }
  [[nodiscard]] const PublishQueue& queue() const { return line_.queue(); }

 private:
  [[nodiscard]] ScriptCall make_call(ScriptMode&& mode) const;
  [[nodiscard]] bool is_probe_due(Instant now) const;
  [[nodiscard]] std::optional<RedisFailure> settle(Question question, HistoryReply&& reply,
                                                   Instant now);
  [[nodiscard]] std::optional<RedisFailure> on_answer(Question question, HistoryReply&& reply,
                                                      Instant now);
  [[nodiscard]] std::optional<RedisFailure> on_refused(Question question, RedisFailure failure,
                                                       Instant now);
  [[nodiscard]] std::optional<RedisFailure> on_replicas(HistoryReply&& reply, Instant now);
  [[nodiscard]] bool reads() const { return duty_ != ScriptDuty::publishing; }
  [[nodiscard]] PublishBatch batch_call(const PublishQueue::Batch& batch) const;
  [[nodiscard]] bool on_published(Published&& published, Instant now);
  void on_loaded();
  void on_durability(const Durability* durability, Instant now);
  void on_page(HistoryPage page);
  void on_write_taken(bool is_over, Instant now);

  HistoryFollower& follower_;
  Readiness& readiness_;
  std::deque<SessionAction>& happened_;
  Link link_;
  PublishLine line_;
  RefusalGate reading_;
  RefusalGate adopting_;  // Of refusals that are the adoption's own; others are the line's.
  const std::string publisher_name_;
  std::size_t waited_ = 0;
  std::string server_;
  const ScriptDuty duty_;
  AwaitReplicas replicas_;             // Of publishes. A count of 0: nobody waits for them.
  std::size_t unawaited_ = 0;          // Publishes that were sent since the last WAIT.
  std::deque<std::size_t> awaited_;    // Publishes of each WAIT under way.
  std::deque<HistoryReply> withheld_;  // Answers to publishes, until their WAIT is over.
  bool has_said_refused_ = false;      // A link for publishing alone was lost.
  const bool may_move_;                // Servers take each other's place.
  std::optional<bool> is_durable_;     // Empty: no server was asked yet.
  // When to ask for what. Empty: not now.
  std::optional<Instant> ask_durability_at_;
  std::optional<Instant> ask_server_at_;
  std::optional<Instant> ask_deployments_at_;
  bool is_script_wanted_ = false;
  bool probes_ = false;
  // The connection is given up for this as soon as nothing is due on it: how each call ended is
  // known.
  std::optional<RedisFailure> leaving_;
  bool was_replica_ = false;  // The server refused as a replica does.
  bool has_found_primary_ = false;
};

}  // namespace regstream::broker
