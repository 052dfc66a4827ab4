#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include <regstream/broker/redis_options.hpp>
#include <regstream/connection/backoff.hpp>
#include <regstream/time.hpp>

#include "broker/history/history_command.hpp"

namespace regstream::broker {

/// The life of one connection to Redis, and the answers that are due on it. Sans-I/O.
///
///     state        open        connect, when due   connected   lost
///     idle         waiting
///     waiting                  connecting
///     connecting                                   up          waiting
///     up                                                       waiting
///
/// It waits longer each time, until a connection has proved stable. What a state has no entry for
/// is ignored.
class Link {
 public:
  Link(const RedisTiming& timing, std::uint64_t seed)
      : stable_after_(timing.stable_after), backoff_(timing.backoff, seed) {}

  /// From now on there is to be a connection.
  void open();
  /// True: a connection is to be made now. Once for each.
  [[nodiscard]] bool poll_connect(Instant now);
  /// False: none was being made.
  bool on_connected(Instant now);
  /// False: there was none to lose. No answer is due any more.
  bool on_lost(Instant now);
  /// Where it waits before the next connection, it waits no longer.
  void hasten();
  /// The same, since the server has moved: the first time, and again after a connection that has
  /// proved stable. Servers may each name the other one.
  void hasten_to_moved();

  /// A connection is there, or is being made.
  [[nodiscard]] bool is_begun() const {
    return is_up() || std::holds_alternative<Connecting>(state_);
  }
  [[nodiscard]] bool is_up() const { return up_since().has_value(); }
  /// When the connection was made, if there is one.
  [[nodiscard]] std::optional<Instant> up_since() const;
  /// When `poll_connect` is to be asked again.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// A command is sent; its replies come after those of all before it. True: the time until its
  /// last reply tells how quick Redis is. Not if it carries much, or waits behind one that does.
  bool ask(const HistoryCommand& command);
  struct Due {
    Question question;
    std::size_t replies_left;
    bool is_timed;  ///< As `ask` said.
  };
  /// What the next reply answers. Null: nothing was asked.
  [[nodiscard]] const Due* due() const { return due_.empty() ? nullptr : &due_.front(); }
  /// A reply came: what it answers. Empty: nothing was asked.
  std::optional<Question> on_reply();

 private:
  struct Idle {};
  struct Waiting {
    Instant until;
  };
  struct Connecting {};
  struct Up {
    Instant since;
  };
  Duration stable_after_;
  Backoff backoff_;
  bool may_follow_move_ = true;
  std::variant<Idle, Waiting, Connecting, Up> state_;
  std::deque<Due> due_;
};

}  // namespace regstream::broker
