#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <regstream/broker/redis_options.hpp>
#include <regstream/connection/backoff.hpp>
#include <regstream/time.hpp>

#include "broker/history/link.hpp"
#include "broker/history/session_action.hpp"
#include "broker/topology/finder_options.hpp"
#include "broker/topology/server_location.hpp"

namespace regstream::broker {

/// Finds the server that has the history. Sans-I/O. A fixed address is known from the start.
/// Otherwise sentinels or cluster nodes are asked for it, one at a time, on a link of their own:
///
///     state        connected   answer    no usable answer            doubt
///     pausing
///     connecting   asking                next one, or pausing
///     asking                   resting   next one, or pausing
///     resting                            next one                    next one
///
/// After all were asked in vain the finder pauses, longer each time. At rest it asks the same one
/// again every `interval`, and another one after `trust`: a sentinel that was cut off from the
/// others knows an older state. So an answer with a smaller configuration epoch than the current
/// one does not count, until a whole round has brought no usable answer.
///
/// Answers may be wrong or outdated. So the server itself must say whether it is a primary
/// (`AskIdentity`) or the owner of the slot (MOVED): see `doubt`, `confirm` and `redirect`.
class ServerFinder {
 public:
  /// No deployment has more sentinels, or needs to ask more nodes.
  static constexpr std::size_t asked_max = 32;

  ServerFinder(FinderOptions options, const RedisTiming& timing, std::uint64_t seed);

  /// Whether another server may take over the history.
  [[nodiscard]] bool may_move() const { return options_.topology != Topology::fixed; }
  /// Empty: not found yet.
  [[nodiscard]] const std::optional<RedisAddress>& primary() const { return primary_; }
  /// True, once: the primary was found, or has changed.
  [[nodiscard]] bool take_move() { return std::exchange(has_moved_, false); }
  /// All were asked in vain. Returned once for each round.
  [[nodiscard]] std::optional<RedisFailure> take_failure() {
    return std::exchange(failure_, std::nullopt);
  }

  [[nodiscard]] Link& link() { return link_; }
  [[nodiscard]] const Link& link() const { return link_; }
  /// Searches from now on.
  void open();
  void on_connected(Instant now);
  void on_lost(const RedisFailure& failure, Instant now);
  void on_reply(HistoryReply&& reply, Instant now);
  /// This process has closed the link.
  void on_interrupted(Instant now) noexcept;

  /// The server at the address can't be used: asks whether it still has the history.
  void doubt(Instant now);
  /// The server at the address has the history.
  void confirm() { is_doubted_ = false; }
  /// The server names the owner of the history. Without a host: same host, another port.
  void redirect(RedisAddress to, Instant now);

  [[nodiscard]] std::optional<SessionAction> poll(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

 private:
  [[nodiscard]] const RedisAddress& asked() const { return candidates_[index_]; }
  void on_location(ServerLocation&& location, Instant now);
  void use(RedisAddress address);
  void learn(const std::vector<RedisAddress>& others);
  void ask_next();
  void pass_over(const std::string& why, Instant now);
  void end_turn(Instant now);
  [[nodiscard]] std::string nobody_knows() const;

  const FinderOptions options_;
  Link link_;
  Backoff backoff_;
  std::vector<RedisAddress> candidates_;  // Those of the options come first.
  std::size_t index_ = 0;                 // The one that is asked.
  std::size_t left_ = 0;                  // How many are left to ask in this round.
  bool was_answered_ = false;             // In this round.
  std::string problems_;                  // Why each of this round did not help.
  bool is_leaving_ = false;               // Give the link up.
  bool is_next_wanted_ = false;           // Ask another one next.
  Instant answered_at_ = Instant::min();
  Instant pausing_until_ = Instant::min();
  std::optional<Instant> answer_by_;  // Connecting, or asking.
  std::optional<Instant> ask_at_;     // At rest.
  ServerLocation answer_;             // The replies so far.

  std::optional<RedisAddress> primary_;
  std::uint64_t config_epoch_ = 0;  // The epoch of `primary_`; smaller ones don't count.
  bool is_doubted_ = false;
  bool has_moved_ = false;
  std::optional<RedisFailure> failure_;
};

}  // namespace regstream::broker
