#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <regstream/time.hpp>

#include "harness/recorded_request.hpp"
#include "harness/scenario.hpp"

namespace regstream::harness {

/// Bytes for a connection, to be written before anything else that comes for it, and at once.
struct SendAction {
  ConnectionNumber connection = 0;
  std::string bytes;
};
/// Close the connection after what was sent has left.
struct CloseAction {
  ConnectionNumber connection = 0;
};
/// Reset the connection (RST) after what was sent has left.
struct AbortAction {
  ConnectionNumber connection = 0;
};
using PlayerAction = std::variant<SendAction, CloseAction, AbortAction>;

struct PlayerLimits {
  std::size_t connections_max = 1024;  ///< One more is answered with 503, and recorded.
  std::size_t requests_max = 10'000;   ///< Recorded; the oldest ones go first, and are counted.
};

struct PlayerOptions {
  /// The calendar time at `Instant{}`, for the timestamps of control messages.
  std::int64_t start_timestamp_ms = 0;
  PlayerLimits limits = {};
};

/// Plays a scenario: requests and time in, bytes and closes out. It reads no clock, so that the
/// same requests at the same times give the same bytes. A `now` earlier than one before counts as
/// that one. Poll after every call until there is nothing.
class ScenarioPlayer {
 public:
  ScenarioPlayer(Scenario scenario, const PlayerOptions& options);

  /// A request has come. Its number grows by one each.
  ConnectionNumber open(const RequestHead& head, Instant now);
  /// The client has closed it.
  void on_peer_closed(ConnectionNumber connection, Instant now);
  /// The client does not read, and the shell has given it up.
  void on_too_slow(ConnectionNumber connection, Instant now);

  /// When something is to happen next; nothing: not until another input.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  /// Plays all that was due, each at its own time, however late this comes.
  void handle_deadline(Instant now);

  [[nodiscard]] std::optional<PlayerAction> poll();

  // What a test does by hand. The number of open streams that it concerned; 0 may be a mistake.
  std::size_t send(std::optional<ConnectionNumber> connection, const StepAction& action,
                   Instant now);
  std::size_t cut(std::optional<ConnectionNumber> connection, BreakKind kind, Instant now);
  /// The next requests get this script, whatever the scenario says of them. It replaces an earlier
  /// one that is not used up.
  void answer_next(Script script);
  /// Closes every connection, and begins the scenario anew. What was recorded stays.
  void restart(Instant now);

  [[nodiscard]] const std::deque<RecordedRequest>& requests() const { return requests_; }
  /// How many were recorded once and are not any longer, for the limit.
  [[nodiscard]] std::uint64_t requests_dropped() const { return requests_dropped_; }
  void forget_requests();

  [[nodiscard]] const Scenario& scenario() const { return scenario_; }
  [[nodiscard]] std::size_t open_connections() const { return playing_.size(); }

 private:
  struct Playing {
    std::shared_ptr<const Script> script;
    bool has_head = false;
    std::size_t next_step = 0;
    Instant step_done;             // When the step before was done.
    bool is_sending_step = false;  // What leaves in pieces is a step's, which is done after it.
    std::string held;
    std::size_t hold_bytes = 0;
    std::string pieces;  // What leaves in pieces, not yet due.
    Instant next_piece;
    SetChunks chunks;
    SetPings pings;
    Instant next_ping;
    std::optional<Break> break_at;
    std::size_t body_bytes = 0;
  };
  using PlayingMap = std::map<ConnectionNumber, Playing>;

  void observe(Instant now);
  [[nodiscard]] std::shared_ptr<const Script> choose(const RequestHead& head);
  [[nodiscard]] static std::optional<Instant> deadline(const Playing& playing);

  // Each of these may end the connection, and then returns false.
  bool play_next(ConnectionNumber number, Playing& playing);
  bool begin(ConnectionNumber number, Playing& playing);
  bool play(ConnectionNumber number, Playing& playing, const StepAction& action);
  bool send_body(ConnectionNumber number, Playing& playing, std::string_view bytes);
  bool release_held(ConnectionNumber number, Playing& playing);
  bool send_pieces(ConnectionNumber number, Playing& playing, bool all);
  bool send_piece(ConnectionNumber number, Playing& playing, std::string_view piece);

  void break_off(ConnectionNumber number, BreakKind kind);
  void end(ConnectionNumber number, Ending ending);
  [[nodiscard]] std::string control_bytes(const SendControl& control) const;
  [[nodiscard]] RecordedRequest* find_request(ConnectionNumber number);

  Scenario scenario_;
  PlayerOptions options_;
  Instant now_{};
  ConnectionNumber last_number_ = 0;
  std::vector<std::size_t> taken_;  // How many requests each of the scenario's scripts has taken.
  std::shared_ptr<const Script> next_answer_;  // Null: none.
  std::size_t next_answer_times_ = 0;
  PlayingMap playing_;
  std::deque<RecordedRequest> requests_;
  std::uint64_t requests_dropped_ = 0;
  std::deque<PlayerAction> actions_;
};

}  // namespace regstream::harness
