#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <regstream/connection/backoff.hpp>
#include <regstream/connection/transitions.hpp>
#include <regstream/time.hpp>

/// The connection machine decides when to open a transport, when to give one up and when to
/// reconnect.
///
/// It owns reconnecting for every transport (EventSource, fetch, a native socket): a transport
/// makes one attempt and reports the outcome. The machine never sleeps and never calls out. Inputs
/// take `now`, and the caller polls actions. The table in transitions.hpp drives it;
/// core/docs/connection.md shows that table as a diagram. No other code decides about reconnecting.
///
/// Two bounds always hold. No signal cuts a Retry-After short, or starts an attempt sooner than the
/// reconnection time after the previous attempt. And a refused token is replaced once; it is
/// replaced again only after a stream was open.
namespace regstream {

/// The last event id travels in a request header, and servers limit those (commonly to 8 KiB).
inline constexpr std::size_t last_event_id_bytes_max = 4096;

/// Identifies one attempt. Every action and every transport input carries it. An input with the id
/// of an earlier attempt is stale: it is refused, and changes nothing.
enum class AttemptId : std::uint32_t {};

/// How the transport saw an attempt end.
enum class TransportEnd : std::uint8_t {
  ended,   ///< The server closed the stream cleanly.
  failed,  ///< The connection failed, or it broke.
  /// The server answered, but not with a stream, and the transport can't see the status.
  /// EventSource hides it.
  refused_unseen,
};

/// Why there is no token.
enum class TokenFailure : std::uint8_t {
  may_pass,  ///< Temporary: the token source could not be reached, for example.
  for_good,  ///< Final: the user is signed out, for example.
};

/// The kind of transport that makes an attempt.
enum class TransportKind : std::uint8_t {
  preferred,  ///< The shell's choice.
  /// A transport that sees the response status. Used after the preferred one (EventSource) was
  /// refused without a visible status.
  seeing,
  /// A request whose response ends with the next events (`poll=1`), for networks where something
  /// buffers streams.
  polling,
};

/// The server's response, as far as the machine needs it.
struct ResponseHead {
  std::uint16_t status = 0;
  bool is_event_stream = false;  ///< Content-Type's essence is text/event-stream.
  /// The body has a content coding that the transport does not decode, such as gzip.
  bool is_coded = false;
  /// The transport could not follow a redirect. The statuses 301, 302, 303, 307 and 308 mean the
  /// same.
  bool redirect_failed = false;
  std::optional<Duration> retry_after;
};

/// Polling, for networks where something on the way (a proxy, a virus scanner) holds streams back.
struct PollOptions {
  /// Whether the shell has a transport of `TransportKind::polling`, and the server supports
  /// `poll=1`.
  bool are_possible = false;
  /// If a stream has delivered no event this long after its request, the machine probes with a poll
  /// beside it (`OpenProbe`). A working stream sends `connected` at once.
  Duration probe_after{5'000};
  /// How long the server holds a poll open while it waits for an event.
  Duration longest{25'000};
  /// The minimum time between the starts of two polls. After a poll that ended before half of
  /// `longest` without a new event id the spacing doubles, up to `longest`.
  Duration spacing_min{250};
  /// How long after streams were found to be held back the machine tries a stream again. The delay
  /// doubles with each try, up to `stream_retry_max`.
  Duration stream_retry_min{300'000};
  Duration stream_retry_max{3'600'000};
};

enum class RetryPolicy : std::uint8_t {
  /// Retries temporary failures: 408, 429, 5xx, and refusals whose status EventSource hides.
  resilient,
  /// Does what the HTML standard says (9.2.3): any answer but a stream fails for good.
  standard,
};

struct ConnectionOptions {
  RetryPolicy policy = RetryPolicy::resilient;
  BackoffOptions backoff;
  /// The reconnection time, until the server sets one.
  Duration reconnection_time{1'000};
  /// The upper limit for a server's `retry` and `Retry-After`: a typo there must not end the
  /// stream.
  Duration reconnection_time_max{300'000};
  /// The minimum time between the start of an attempt and one that a signal starts, however short
  /// the server's reconnection time is. A user who flips through tabs must not flood the server.
  Duration wake_spacing_min{1'000};
  /// How long to wait for a response; also how long to wait for a token before that.
  Duration connect_timeout{15'000};
  /// How often the server pings. It applies until two pings of a stream have shown their interval
  /// (`on_ping`). 0: the server does not ping, so silence means nothing.
  Duration ping_interval{30'000};
  /// How long a stream may stay silent, without a single byte. Unset: two and a half ping
  /// intervals, so that one ping may get lost. `Duration::max()`: forever. A stream that shows its
  /// ping interval (`on_ping`) or announces its heartbeat (`on_comment`) may be silent for two and
  /// a half of those, if that is shorter.
  std::optional<Duration> silence_limit;
  /// Extra time for a stream, granted once, when the watchdog fires late because the process slept
  /// or its timers are throttled: bytes may still wait in a queue. Also the tolerance for
  /// `on_visible`: a stream is given up if it was silent for longer than a ping interval plus this.
  Duration late_grace{5'000};
  /// A stream that has been open this long is stable: the backoff starts over.
  Duration stable_after{10'000};
  /// How long changes are collected (`Connection::change`) before the stream is replaced; the
  /// default is one frame of a 60 Hz display. The delay doubles, up to `wake_spacing_min`, each
  /// time a change comes sooner than that after its attempt began. A user who scrolls through a
  /// long list must not flood the server, but must get a stream meanwhile.
  Duration change_delay{16};
  /// The minimum wait while offline. It is finite, because loopback and VPNs make `offline`
  /// unreliable.
  Duration offline_probe_interval{60'000};
  /// Whether each attempt waits for a token. The machine never sees the token itself.
  bool needs_token = false;
  /// Whether the shell has a transport of `TransportKind::seeing` besides a preferred one that
  /// hides statuses. After a refusal the machine uses it for each attempt, until an attempt shows
  /// the reason or a stream opens and is lost. The policy `standard` never uses it.
  bool can_see = false;
  PollOptions polls;
};

/// Fetch a token, then call `on_token` or `on_token_failed`. If the stream of `attempt` is open,
/// the token is for the stream that replaces it.
struct RequestToken {
  AttemptId attempt{};
  /// The server refused the last token, or it expires soon: fetch a fresh one, not a stored one.
  bool is_refused = false;
};
struct OpenTransport {
  AttemptId attempt{};
  /// Empty: none yet. Valid until the machine's next input.
  std::string_view last_event_id;
  TransportKind kind{};
};
struct CloseTransport {
  AttemptId attempt{};
};
/// Make one poll without a cursor, beside the transport of `attempt`; the server answers it at
/// once. Report its first event with `on_probe_event`, and ignore the rest.
struct OpenProbe {
  AttemptId attempt{};
};
/// Close that poll: it is no longer needed.
struct CloseProbe {};
struct StateChanged {
  ConnectionState from{};
  ConnectionState to{};
  ConnectionReason reason{};
  bool is_connected = false;  ///< `Connection::is_connected` after the change.
};
using ConnectionAction =
    std::variant<RequestToken, OpenTransport, CloseTransport, OpenProbe, CloseProbe, StateChanged>;

class Connection {
 public:
  /// `seed` gives this client delays that differ from those of other clients. `last_event_id` is
  /// the id that an earlier stream left (empty: none); the limit of `on_event_id` applies.
  Connection(const ConnectionOptions& options, std::uint64_t seed,
             std::string_view last_event_id = {});

  // Inputs return whether they were accepted. A refused input changes nothing. Signals and time are
  // never refused.

  // What the caller wants. Here and below, a `now` that is earlier than a previous one counts as
  // the previous one: a clock that was set back must not make the machine wait twice.
  /// Starts the machine. Accepted once.
  bool connect(Instant now);
  /// Drops the open stream, or ends the current wait, and connects at once. Refused if there is
  /// neither. The caller asked for it, so the limits on waking do not apply.
  bool restart(Instant now);
  bool close(Instant now);
  /// The caller now asks the server for something else than the current attempt did
  /// (`StreamSession::follow`). After `change_delay` the machine replaces the open stream, or the
  /// attempt in progress. That counts neither as a loss nor as a failure. An attempt whose
  /// transport is not open yet asks for the new state anyway. No wait gets shorter.
  void change(Instant now);

  // What the environment signals. A hidden page is not a signal: it makes timers late, which is
  // normal here.
  /// The network is back: a wait ends as early as the server allows. If the network was gone
  /// (`on_offline`) and no stream has opened since, the current stream or attempt has died with it,
  /// and the machine reconnects as early as the server allows. Otherwise this does the same as
  /// `on_visible`.
  void on_online(Instant now);
  /// The network is gone: waits become long. The watchdog decides about an open stream, since this
  /// signal is unreliable.
  void on_offline(Instant now);
  /// A user looks at the page: a wait ends as early as the server allows. If a stream was silent
  /// for longer than a ping (or announced heartbeat) interval plus `late_grace`, the machine gives
  /// it up (`silent`) and reconnects as early.
  void on_visible(Instant now);
  /// The page is back from the back-forward cache, where its transports died without a report. The
  /// machine drops the stream or attempt, and reconnects as early as the server allows.
  void on_restored(Instant now);

  // The answers to `RequestToken`. Refused unless `attempt` is the current one and waits for a
  // token.
  bool on_token(AttemptId attempt, Instant now);
  bool on_token_failed(AttemptId attempt, TokenFailure failure, Instant now);

  // What the transport of `attempt` reports. Refused unless that attempt is the current one.
  /// The response. If the state is `open` afterwards, it opened the stream. While the attempt waits
  /// for its token, this is the server's refusal to issue what the stream needs (a ticket); it
  /// means the same as that response to the stream itself.
  bool on_response(AttemptId attempt, const ResponseHead& head, Instant now);
  /// Any byte has arrived, even of a comment: the stream is not silent.
  bool on_activity(AttemptId attempt, Instant now);
  /// A comment, without its colon. If it announces a heartbeat (sse/heartbeat.hpp), it shortens how
  /// long this stream may be silent, to no less than 3 seconds. Other comments change nothing. The
  /// next stream starts with the options again, since it may come from another server.
  bool on_comment(AttemptId attempt, std::string_view text);
  /// A ping, with the server's time. Two pings of one stream show their interval: the longer of the
  /// differences by the server's clock and by this one, if it is at most five minutes. It shortens
  /// how long this stream may be silent, as a heartbeat does.
  bool on_ping(AttemptId attempt, std::int64_t timestamp_ms);
  /// An event has arrived, so nothing holds the stream back.
  bool on_event_arrived(AttemptId attempt);
  /// The probe beside `attempt` has delivered an event. Refused if there is no probe. If the stream
  /// has delivered none, polls replace it; that does not count as a loss.
  bool on_probe_event(AttemptId attempt, Instant now);
  /// The id to resume from. Refused if it is longer than `last_event_id_bytes_max`.
  bool on_event_id(AttemptId attempt, std::string_view last_event_id);
  bool on_retry(AttemptId attempt, Duration reconnection_time);
  /// The server says when the token that opened the stream expires (below 0: it has expired). At a
  /// random time in the first half of what is left, which spreads clients, the machine requests a
  /// fresh token and replaces the stream with it. Without tokens (a cookie), it replaces the stream
  /// at that time. This counts neither as a loss nor as a failure. While no token is available the
  /// stream stays, and the machine requests a token again, but no sooner than a refusal's
  /// `Retry-After`. No attempt begins sooner than `wake_spacing_min` after the previous one, so a
  /// stream with less time left stays until the server ends it. Only a stream's first such message
  /// counts.
  bool on_token_expiring(AttemptId attempt, Duration expires_in);
  /// The stream has delivered its last message. The machine closes for good.
  bool on_finished(AttemptId attempt);
  /// The transport has ended. After a poll, the machine starts the next poll. As long as polls
  /// succeed, the caller sees one connection: there is no `StateChanged` between them. A poll that
  /// ended before half its time without an event counts as a stream that ended.
  bool on_end(AttemptId attempt, TransportEnd end, Instant now);

  // Time. An early call of `handle_deadline` does nothing; a late call is normal (a throttled tab).
  /// When to call `handle_deadline`. Nothing: only another input creates a deadline.
  /// `Instant::max()`: an option says never.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void handle_deadline(Instant now);

  /// Returns the next action to carry out, in order. Poll after every call, until it returns
  /// nothing.
  [[nodiscard]] std::optional<ConnectionAction> poll_action();

  /// The current state. Between two polls it is `connecting` or `authorizing`.
  [[nodiscard]] ConnectionState state() const { return state_; }
  [[nodiscard]] ConnectionReason reason() const { return reason_; }
  /// Whether a stream is open, or is being replaced (`changed`, `renewed`) and that has not failed.
  [[nodiscard]] bool is_connected() const { return is_connected_; }
  /// The id that the next attempt resumes from; empty: none yet.
  [[nodiscard]] std::string_view last_event_id() const { return last_event_id_; }
  /// The attempt whose transport the caller has opened, and not closed yet. 0: none.
  [[nodiscard]] AttemptId opened_attempt() const { return AttemptId{opened_attempt_}; }

 private:
  /// A caller that polls after every input has at most three changes to poll. For a caller that
  /// doesn't, the queue keeps the first changes, and its last entry ends in the current state.
  static constexpr std::size_t changes_max = 4;

  void observe(Instant now);
  [[nodiscard]] bool is_current(AttemptId attempt) const;
  [[nodiscard]] bool has_transport() const;
  [[nodiscard]] ConnectionEvent classify(const ResponseHead& head) const;
  [[nodiscard]] Duration bounded(Duration reconnection_time) const;
  void wake();
  void begin_listening();
  void update_silence_limit();
  void restart_watchdog();
  [[nodiscard]] Duration expected_silence() const;
  [[nodiscard]] TransportKind next_kind();
  void plan_stream();
  void plan_poll();
  void plan_probe();
  void probe();
  [[nodiscard]] bool is_poll_over() const;
  [[nodiscard]] bool is_connected_after(ConnectionEvent event) const;
  [[nodiscard]] Instant opening_deadline() const;
  [[nodiscard]] Duration answer_timeout() const;
  void begin_attempt(bool has_own_opening_deadline);
  void plan_renewal(std::optional<Duration> retry_after = std::nullopt);
  void begin_renewal();

  /// Makes the table's transition for `event`; returns false if the table has none. `retry_after`
  /// replaces the reconnection time, if the transition starts a wait.
  bool transition(ConnectionEvent event, std::optional<Duration> retry_after = std::nullopt);
  void enter(const ConnectionTransition& row, std::optional<Duration> retry_after);
  void queue_change(const StateChanged& change);

  ConnectionOptions options_;
  Backoff backoff_;
  Duration reconnection_time_;
  std::string last_event_id_;
  Instant now_ = Instant::min();  ///< The latest time seen.

  // The last attempt, and the wait after it.
  Instant attempt_began_{};     ///< When the attempt began.
  Instant opening_deadline_{};  ///< The time by which it has to be open.
  Instant opened_{};            ///< When its stream opened.
  Instant deadline_{};          ///< The state's deadline; `idle` and `closed` have none.

  // The open stream's silence.
  Duration silence_limit_{};
  Duration ping_interval_{};  ///< 0: the server does not ping.
  std::optional<Duration> heartbeat_;
  struct Ping {
    Instant received{};
    std::int64_t timestamp_ms = 0;
  };
  std::optional<Ping> last_ping_;
  Instant quiet_until_{};  ///< Until then a live stream may be silent.

  Instant earliest_wake_{};  ///< The earliest time at which a signal may end a wait.
  /// When a pending change replaces the attempt; nothing: no change is pending.
  std::optional<Instant> change_due_;
  Duration change_delay_{};  ///< The delay of the next change.
  /// When the next poll is due, since polls keep a minimum spacing.
  std::optional<Instant> poll_due_;
  Duration poll_spacing_{};  ///< The minimum spacing before the next poll.
  /// When to probe a stream that has delivered no event; nothing: no probe is planned.
  std::optional<Instant> probe_due_;
  Instant stream_due_{};     ///< While streams are held back: when to try a stream again.
  Duration stream_retry_{};  ///< The delay before the try after that.
  /// When the open stream's token expires, once the server has said so.
  std::optional<Instant> token_expires_;
  /// When to renew the stream, or to request the token for it again; nothing: no renewal is
  /// planned.
  std::optional<Instant> renewal_due_;
  std::uint32_t attempt_ = 0;

  ConnectionState state_ = ConnectionState::idle;
  ConnectionReason reason_ = ConnectionReason::none;
  bool is_connected_ = false;
  TransportKind kind_{};       ///< The current attempt's kind.
  bool is_held_back_ = false;  ///< Something holds streams back, so polls replace them.
  bool has_event_ = false;     ///< The attempt has delivered an event.
  /// The attempt has delivered an event id other than the one it resumed from.
  bool has_new_event_id_ = false;
  /// The last attempt was refused without a visible status, so the next one needs a transport that
  /// sees it.
  bool wants_status_ = false;
  bool used_grace_ = false;  ///< The watchdog fired late, and no byte has arrived since.
  /// The network was signalled as gone, and no stream has opened since.
  bool is_offline_ = false;
  /// The last token was refused or expires soon, and no other one has come since.
  bool needs_fresh_token_ = false;
  bool awaits_renewal_ = false;    ///< A token was requested to renew the open stream.
  bool was_unauthorized_ = false;  ///< A token was refused, and no stream has been open since.

  // Actions that the caller has not polled yet.
  /// The state's own action: request a token, or open a transport.
  bool is_attempt_pending_ = false;
  bool is_renewal_pending_ = false;  ///< Request the token that renews the stream.
  /// The attempt whose transport the caller has opened, and not closed yet; 0: none.
  std::uint32_t opened_attempt_ = 0;
  bool is_probe_pending_ = false;  ///< Open a probe.
  /// The attempt beside which the caller has opened a probe, and not closed it yet; 0: none.
  std::uint32_t probed_attempt_ = 0;
  /// The state that the last queued `StateChanged` led to.
  ConnectionState reported_state_ = ConnectionState::idle;
  std::array<StateChanged, changes_max> changes_{};
  std::size_t changes_count_ = 0;
};

}  // namespace regstream
