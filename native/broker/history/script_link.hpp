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

/// What a link uses the script for.
enum class ScriptDuty : std::uint8_t { all, reading, publishing };

/// Calls the script: publishes, and reads and adopts for a follower. Sans-I/O. A call that Redis
/// refuses for now is repeated on the same connection. Calls under way when the connection was
/// lost, or when Redis had forgotten the script, are repeated on the next connection, in order.
///
/// A link that only publishes may wait for replicas: WAIT follows what is sent together, and the
/// answers count after it. If too few replicas confirm, the link gives the connection up: the
/// updates are sent again under their keys, and the next WAIT may take longer.
class ScriptLink {
 public:
  static constexpr Duration deployments_interval{20'000};
  /// An operator may change the server's memory limit, and its eviction policy, at any time.
  static constexpr Duration server_interval{20'000};

  /// `follower` gets the answers, `readiness` learns how calls end, and reports are added to
  /// `happened`. All must outlive the link.
  ScriptLink(const HistorySessionOptions& options, HistoryFollower& follower, Readiness& readiness,
             std::deque<SessionAction>& happened, ScriptDuty duty);

  /// From now on, probes publishing while nothing is published, and asks each server, at first and
  /// regularly, what an operator should know about it.
  void begin_probing() { probes_ = true; }
  void publish(std::string message, std::string key, PublishHandler&& done, Patience patience);

  [[nodiscard]] Link& link() { return link_; }
  [[nodiscard]] const Link& link() const { return link_; }
  void on_connected(Instant now);
  /// The connection is lost. `say_lost` follows, with the reason.
  void on_lost(Instant now) noexcept;
  void say_lost(const RedisFailure& failure, Instant now);
  /// Why to give the connection up. Empty: keep it.
  [[nodiscard]] std::optional<RedisFailure> on_reply(HistoryReply&& reply, Instant now);
  /// The same, once no answer is due any more: another server may have the address.
  [[nodiscard]] std::optional<RedisFailure> poll_leaving();

  /// The link's next own command.
  [[nodiscard]] std::optional<HistoryCommand> poll(Instant now);
  /// Whether the follower may read, or may adopt and record losses; and the call for that.
  [[nodiscard]] bool may_read(Instant now) const;
  [[nodiscard]] bool may_adopt(Instant now) const;
  [[nodiscard]] ScriptCall call(ScriptMode&& wanted);
  [[nodiscard]] std::optional<PublishLine::Ended> poll_ended() { return line_.poll_ended(); }
  /// When to `poll` again. Deadlines up to `since` are left out: they were handled then, and
  /// nothing wanted them.
  [[nodiscard]] std::optional<Instant> next_deadline(Instant since) const;

  /// The script can be called.
  [[nodiscard]] bool is_ready() const { return line_.is_up(); }
  /// The server that is called; see `ServerIdentity`. Empty: not known.
  [[nodiscard]] const std::string& server() const { return server_; }
  /// How many publishes waited when the connection came. Returned once, then 0.
  [[nodiscard]] std::size_t take_waited() { return std::exchange(waited_, 0); }
  /// True, once: writes are accepted after a replica had refused them, perhaps by another server.
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
  void on_write_accepted(bool is_over, Instant now);

  HistoryFollower& follower_;
  Readiness& readiness_;
  std::deque<SessionAction>& happened_;
  Link link_;
  PublishLine line_;
  RefusalGate reading_;
  RefusalGate adopting_;  // For refusals of adoptions only; others concern `line_`.
  const std::string publisher_name_;
  std::size_t waited_ = 0;
  std::string server_;
  const ScriptDuty duty_;
  AwaitReplicas replicas_;             // For publishes. Count 0: don't wait.
  std::size_t unawaited_ = 0;          // Publishes sent since the last WAIT.
  std::deque<std::size_t> awaited_;    // Publishes before each WAIT under way.
  std::deque<HistoryReply> withheld_;  // Answers to publishes, until their WAIT is answered.
  bool has_said_refused_ = false;      // The loss of a publishing link was reported.
  const bool may_move_;                // Servers may take each other's place.
  std::optional<bool> is_durable_;     // Empty: no server was asked yet.
  // When to ask each question. Empty: not now.
  std::optional<Instant> ask_durability_at_;
  std::optional<Instant> ask_server_at_;
  std::optional<Instant> ask_deployments_at_;
  bool is_script_wanted_ = false;
  bool probes_ = false;
  // Why to give the connection up once no answer is due: then the outcome of each call is known.
  std::optional<RedisFailure> leaving_;
  bool was_replica_ = false;  // The server refused as a replica does.
  bool has_found_primary_ = false;
};

}  // namespace regstream::broker
