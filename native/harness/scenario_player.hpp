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

/// Bytes for a connection, to be written at once, before anything else for it.
struct SendAction {
  ConnectionNumber connection = 0;
  std::string bytes;
};
/// Close the connection after everything was sent.
struct CloseAction {
  ConnectionNumber connection = 0;
};
/// Reset the connection (RST) after everything was sent.
struct AbortAction {
  ConnectionNumber connection = 0;
};
using PlayerAction = std::variant<SendAction, CloseAction, AbortAction>;

struct PlayerLimits {
  std::size_t connections_max = 1024;  ///< One more gets 503, and is recorded.
  std::size_t requests_max =
      10'000;  ///< Records that are kept; the oldest are dropped first, and counted.
};

struct PlayerOptions {
  /// The calendar time at `Instant{}`, for timestamps of control messages.
  std::int64_t start_timestamp_ms = 0;
  PlayerLimits limits = {};
};

/// Plays a scenario. A machine: requests and time in, bytes and closes out. It reads no clock, so
/// the same requests at the same times give the same bytes. A `now` earlier than the last one
/// counts as the last one. Poll after every call until there is nothing.
class ScenarioPlayer {
 public:
  ScenarioPlayer(Scenario scenario, const PlayerOptions& options);

  /// A request has come. Each gets the next number.
  ConnectionNumber open(const RequestHead& head, Instant now);
  /// The client has closed the connection.
  void on_peer_closed(ConnectionNumber connection, Instant now);
  /// The client doesn't read, and the shell has given it up.
  void on_too_slow(ConnectionNumber connection, Instant now);

  /// When something happens next; nothing: not before another input.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  /// Plays everything that is due, each step at its own time, however late this call is.
  void handle_deadline(Instant now);

  [[nodiscard]] std::optional<PlayerAction> poll();

  // Actions of a test. They return the number of open streams that they affected; 0 may be a
  // mistake.
  std::size_t send(std::optional<ConnectionNumber> connection, const StepAction& action,
                   Instant now);
  std::size_t cut(std::optional<ConnectionNumber> connection, BreakKind kind, Instant now);
  /// The next requests get this script, whatever the scenario says. It replaces an earlier one that
  /// is not used up.
  void answer_next(Script script);
  /// Closes every connection and restarts the scenario. Records stay.
  void restart(Instant now);

  [[nodiscard]] const std::deque<RecordedRequest>& requests() const { return requests_; }
  /// How many records were dropped because of the limit.
  [[nodiscard]] std::uint64_t requests_dropped() const { return requests_dropped_; }
  void forget_requests();

  [[nodiscard]] const Scenario& scenario() const { return scenario_; }
  [[nodiscard]] std::size_t open_connections() const { return playing_.size(); }

 private:
  struct Playing {
    std::shared_ptr<const Script> script;
    bool has_head = false;
    std::size_t next_step = 0;
    Instant step_done;             // When the previous step was done.
    bool is_sending_step = false;  // Pieces belong to a step, which is done after the last of them.
    std::string held;
    std::size_t hold_bytes = 0;
    std::string pieces;  // Pieces that are not due yet.
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
  std::vector<std::size_t>
      taken_;  // How many requests each of the scenario's scripts has answered.
  std::shared_ptr<const Script> next_answer_;  // Null: none.
  std::size_t next_answer_times_ = 0;
  PlayingMap playing_;
  std::deque<RecordedRequest> requests_;
  std::uint64_t requests_dropped_ = 0;
  std::deque<PlayerAction> actions_;
};

}  // namespace regstream::harness
