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

/// Knows the address of the server that has the history. Sans-I/O. A fixed one is known from the
/// start; sentinels and a cluster's nodes are asked for it, one at a time, on a link of their own:
///
///     state        connected   answer    no answer, or none of use   doubt
///     pausing
///     connecting   asking                next one, or pausing
///     asking                   resting   next one, or pausing
///     resting                            next one                    next one
///
/// It pauses, for longer each time, once everybody was asked in vain. At rest it asks the same one
/// again every `interval`, and another one after `trust`: whoever was cut off from the others knows
/// an older state. So of two answers the one with the lesser configuration epoch does not count,
/// until nobody tells of a later one whose server can be used.
///
/// What it is told may be wrong, and old. So the server at the address says itself whether it is a
/// primary (`AskIdentity`), or the owner of the slot (MOVED): `doubt`, `confirm` and `redirect`.
class ServerFinder {
 public:
  /// Nobody has more sentinels, or needs more nodes of a cluster to ask.
  static constexpr std::size_t asked_max = 32;

  ServerFinder(FinderOptions options, const RedisTiming& timing, std::uint64_t seed);

  /// Whether other servers may take the place of the one that has the history.
  [[nodiscard]] bool may_move() const { return options_.topology != Topology::fixed; }
  /// Empty: not found yet.
  [[nodiscard]] const std::optional<RedisAddress>& primary() const { return primary_; }
  /// It is another one than when this was asked last, or the first one. Once.
  [[nodiscard]] bool take_move() { return std::exchange(has_moved_, false); }
  /// Everybody was asked in vain. Once for each round.
  [[nodiscard]] std::optional<RedisFailure> take_failure() {
    return std::exchange(failure_, std::nullopt);
  }

  [[nodiscard]] Link& link() { return link_; }
  [[nodiscard]] const Link& link() const { return link_; }
  /// From now on it is looked for.
  void open();
  void on_connected(Instant now);
  void on_lost(const RedisFailure& failure, Instant now);
  void on_reply(HistoryReply&& reply, Instant now);
  /// The link is gone, by this process's own doing.
  void on_interrupted(Instant now) noexcept;

  /// The server at the address can't be used: does it have the history still?
  void doubt(Instant now);
  /// It can.
  void confirm() { is_doubted_ = false; }
  /// It says who has it: without a host, one beside it.
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
  std::vector<RedisAddress> candidates_;  // Those of the options first.
  std::size_t index_ = 0;                 // Who is asked.
  std::size_t left_ = 0;                  // To be asked in this round.
  bool was_answered_ = false;             // In this round.
  std::string problems_;                  // The same.
  bool is_leaving_ = false;               // The link is to be given up.
  bool is_next_wanted_ = false;           // Another one is to be asked than before.
  Instant answered_at_ = Instant::min();
  Instant pausing_until_ = Instant::min();
  std::optional<Instant> answer_by_;  // Connecting, or asking.
  std::optional<Instant> ask_at_;     // At rest.
  ServerLocation answer_;             // As far as it has come.

  std::optional<RedisAddress> primary_;
  std::uint64_t config_epoch_ = 0;  // Of that one; lesser ones don't count.
  bool is_doubted_ = false;
  bool has_moved_ = false;
  std::optional<RedisFailure> failure_;
};

}  // namespace regstream::broker
