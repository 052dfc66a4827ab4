#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <regstream/connection/connection.hpp>
#include <regstream/sse/parser.hpp>
#include <regstream/time.hpp>

/// One event stream, from connecting to its events: the connection machine and the parser, joined.
///
/// A shell owns the transport and one timer. It passes on what they report, then carries out what
/// comes out, until there is nothing more:
///
///     session.connect(now);                            // or any other input
///     while (const auto action = session.poll_action()) {
///       ...                                            // open or close a transport, show a state
///     }
///     set_timer(session.next_deadline());              // which calls handle_deadline(now)
///
///     if (session.on_bytes(attempt, bytes, now)) {     // likewise on_event
///       for (auto token = session.poll_token(); !holds<sse::NeedInput>(token);
///            token = session.poll_token()) {
///         ...                                          // may close or restart the session
///       }
///     }
///     ...                                              // poll the actions again, set the timer
///
/// Whatever an earlier attempt still reports is refused (the input returns false) and changes
/// nothing, so that a shell compares no attempts.
namespace regstream {

/// The inputs and outputs that the connection machine has are its own: see connection.hpp.
class EventSession : private Connection {
 public:
  /// `seed` spreads this client's delays from other clients' ones. `last_event_id` is what an
  /// earlier session left (empty: none); one that is longer than `last_event_id_bytes_max` counts
  /// as none, and `limits.id_bytes_max` is not more than that in any case.
  EventSession(const ConnectionOptions& options, std::uint64_t seed,
               std::string_view last_event_id = {}, sse::ParserLimits limits = {})
      : Connection(options, seed, last_event_id), limits_(limits) {
    limits_.id_bytes_max = std::min(limits_.id_bytes_max, last_event_id_bytes_max);
  }

  using Connection::change;
  using Connection::close;
  using Connection::connect;
  using Connection::restart;

  using Connection::on_offline;
  using Connection::on_online;
  using Connection::on_restored;
  using Connection::on_visible;

  using Connection::on_token;
  using Connection::on_token_failed;

  // What the transport of `attempt` reports. Refused unless that is the current one. An attempt
  // brings bytes or events, never both: its parser would not know of the events' ids.
  bool on_response(AttemptId attempt, const ResponseHead& head, Instant now);
  /// Bytes of the body, from a transport that does not parse. They must outlive the `poll_token`
  /// calls up to NeedInput, which must come before the next bytes or event. Refused unless the
  /// stream is open.
  bool on_bytes(AttemptId attempt, std::string_view bytes, Instant now);
  /// One event named `message`, from a transport that parses, as EventSource does. `last_event_id`
  /// is given where the event changed it. Both must outlive the next `poll_token`. Refused unless
  /// the stream is open.
  bool on_event(AttemptId attempt, std::string_view data,
                std::optional<std::string_view> last_event_id, Instant now);
  using Connection::on_end;
  /// Bytes of the probe beside `attempt` (`OpenProbe`). Refused if there is none.
  bool on_probe_bytes(AttemptId attempt, std::string_view bytes, Instant now);

  using Connection::handle_deadline;
  using Connection::next_deadline;

  using Connection::poll_action;

  /// The next token of the bytes or the event that came last; NeedInput: there is none. Once the
  /// session was closed or restarted nothing more comes of that stream, not even what has arrived
  /// already. Views hold until the next call or input.
  ///
  /// `last_event_id` moves on with each token. So whatever was not polled is sent again to whoever
  /// resumes from it.
  [[nodiscard]] sse::Token poll_token();

  using Connection::is_connected;
  using Connection::last_event_id;
  using Connection::reason;
  using Connection::state;

 protected:
  using Connection::opened_attempt;
  /// Whose message was polled last.
  [[nodiscard]] AttemptId message_attempt() const { return attempt_; }
  /// The message that was polled last says how long the stream's token is still good for.
  bool renew(Duration expires_in) { return on_token_expiring(attempt_, expires_in); }
  /// The message that was polled last is a ping, of this time of the server's.
  bool ping(std::int64_t timestamp_ms) { return on_ping(attempt_, timestamp_ms); }
  /// The message that was polled last ends the stream, for good.
  bool finish() { return on_finished(attempt_); }
  [[nodiscard]] const sse::ParserLimits& limits() const { return limits_; }

 private:
  /// What came last, and was not polled yet.
  enum class Unread : std::uint8_t { nothing, bytes, event };

  [[nodiscard]] sse::Token next_token_of_bytes();
  [[nodiscard]] sse::Token token_of_event();
  [[nodiscard]] bool begin_reading(AttemptId attempt, Instant now);

  sse::ParserLimits limits_;
  /// Of the stream that opened last: each one begins anew, with the id that the last one left.
  std::optional<sse::Parser> parser_;
  Unread unread_ = Unread::nothing;
  AttemptId attempt_{};  ///< Whose bytes or event these are.
  std::string_view event_data_;
  std::optional<sse::Parser> probe_parser_;
  AttemptId probed_attempt_{};  ///< Beside which that parser's probe runs.
  std::optional<std::string_view> event_id_;
};

}  // namespace regstream
