#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <regstream/connection/connection.hpp>
#include <regstream/sse/parser.hpp>
#include <regstream/time.hpp>

/// One event stream, from connecting to its events. It joins the connection machine and the parser.
///
/// A shell owns the transport and one timer. It passes on their reports, then carries out the
/// actions, until there are none:
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
/// A report of an earlier attempt is refused (the input returns false) and changes nothing, so a
/// shell compares no attempt ids.
namespace regstream {

/// connection.hpp describes the inputs and outputs that come from the connection machine.
class EventSession : private Connection {
 public:
  /// `seed` gives this client delays that differ from those of other clients. `last_event_id` is
  /// the id that an earlier session left (empty: none); one that is longer than
  /// `last_event_id_bytes_max` is ignored, and `limits.id_bytes_max` is at most that.
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

  // What the transport of `attempt` reports. Refused unless that attempt is the current one. An
  // attempt delivers bytes or events, never both: its parser would not know the events' ids.
  bool on_response(AttemptId attempt, const ResponseHead& head, Instant now);
  /// Bytes of the body, from a transport that does not parse them. They must stay valid until
  /// `poll_token` returns NeedInput, which must happen before the next bytes or event. Refused
  /// unless the stream is open.
  bool on_bytes(AttemptId attempt, std::string_view bytes, Instant now);
  /// One event of the type `message`, from a transport that parses, such as EventSource. Pass
  /// `last_event_id` if the event changed it. Both must stay valid until the next `poll_token`.
  /// Refused unless the stream is open.
  bool on_event(AttemptId attempt, std::string_view data,
                std::optional<std::string_view> last_event_id, Instant now);
  using Connection::on_end;
  /// Bytes of the probe beside `attempt` (`OpenProbe`). Refused if there is no probe.
  bool on_probe_bytes(AttemptId attempt, std::string_view bytes, Instant now);

  using Connection::handle_deadline;
  using Connection::next_deadline;

  using Connection::poll_action;

  /// Returns the next token of the last bytes or event; NeedInput: there are no more. Once the
  /// session is closed or restarted, nothing more comes out of that stream, not even what has
  /// already arrived. Views are valid until the next call or input.
  ///
  /// `last_event_id` moves on with each token, so a client that resumes from it gets again what it
  /// has not polled.
  [[nodiscard]] sse::Token poll_token();

  using Connection::is_connected;
  using Connection::last_event_id;
  using Connection::reason;
  using Connection::state;

 protected:
  using Connection::opened_attempt;
  /// The attempt whose message was polled last.
  [[nodiscard]] AttemptId message_attempt() const { return attempt_; }
  /// The message that was polled last says how long the stream's token is still valid.
  bool renew(Duration expires_in) { return on_token_expiring(attempt_, expires_in); }
  /// The message that was polled last is a ping, with the server's time.
  bool ping(std::int64_t timestamp_ms) { return on_ping(attempt_, timestamp_ms); }
  /// The message that was polled last ends the stream for good.
  bool finish() { return on_finished(attempt_); }
  [[nodiscard]] const sse::ParserLimits& limits() const { return limits_; }

 private:
  /// The last input that was not polled yet.
  enum class Unread : std::uint8_t { nothing, bytes, event };

  [[nodiscard]] sse::Token next_token_of_bytes();
  [[nodiscard]] sse::Token token_of_event();
  [[nodiscard]] bool begin_reading(AttemptId attempt, Instant now);

  sse::ParserLimits limits_;
  /// The parser of the stream that opened last. Each stream starts over, with the last event id of
  /// the one before.
  std::optional<sse::Parser> parser_;
  Unread unread_ = Unread::nothing;
  AttemptId attempt_{};  ///< The attempt of the unread bytes or event.
  std::string_view event_data_;
  std::optional<sse::Parser> probe_parser_;
  AttemptId probed_attempt_{};  ///< The attempt beside which that probe runs.
  std::optional<std::string_view> event_id_;
};

}  // namespace regstream
