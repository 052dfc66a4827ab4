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

/// The connection machine: when to open a transport, when to give one up, when to come back.
///
/// It owns reconnecting for every transport (EventSource, fetch, a native socket): a transport
/// makes one attempt and reports. The machine never sleeps and never calls out: inputs take `now`,
/// and actions are polled. It runs on the table in transitions.hpp, which core/docs/connection.md
/// shows as a diagram; everything that decides about reconnecting is here.
///
/// Two bounds hold whatever is reported. No signal cuts a Retry-After short, nor begins an attempt
/// sooner after the one before than the reconnection time; and a token that was refused is replaced
/// once, not again before a stream was open.
namespace regstream {

/// What travels in a request header has to fit into one (servers bound theirs at 8 KiB).
inline constexpr std::size_t last_event_id_bytes_max = 4096;

/// Names one attempt. It accompanies every action and every transport input; an input that names an
/// earlier attempt is stale: it is refused, and changes nothing.
enum class AttemptId : std::uint32_t {};

/// How an attempt ended, as its transport saw it.
enum class TransportEnd : std::uint8_t {
  ended,   ///< The server closed the stream cleanly.
  failed,  ///< No connection, or it broke.
  /// The server answered, but not with a stream, and the transport can't say with what: EventSource
  /// hides the status.
  refused_unseen,
};

/// Why there is no token.
enum class TokenFailure : std::uint8_t {
  may_pass,  ///< Its source could not be reached, for example.
  for_good,  ///< The user is signed out, for example.
};

/// By what kind of transport an attempt is made.
enum class TransportKind : std::uint8_t {
  preferred,  ///< The shell's choice.
  /// One that sees the answer's status, after the preferred one (EventSource) was refused unseen.
  seeing,
  /// A request for a body that ends with the next events (`poll=1`): something on the way holds
  /// streams back.
  polling,
};

/// What the server answered with.
struct ResponseHead {
  std::uint16_t status = 0;
  bool is_event_stream = false;  ///< Content-Type's essence is text/event-stream.
  bool is_coded = false;         ///< In a coding that the transport does not undo, such as gzip.
  /// A redirect that the transport could not follow. The status of one (301, 302, 303, 307, 308)
  /// says so as well.
  bool redirect_failed = false;
  std::optional<Duration> retry_after;
};

/// Polls, where something on the way (a proxy, a virus scanner) holds streams back.
struct PollOptions {
  /// Whether the shell has a transport of `TransportKind::polling`, and the server knows such
  /// polls.
  bool are_possible = false;
  /// A stream that has brought no event so long after its request is compared with a poll
  /// (`OpenProbe`). Streams say `connected` at once.
  Duration probe_after{5'000};
  /// How long the server lets a poll wait for an event.
  Duration longest{25'000};
  /// The next poll begins no sooner than this after the one before it began. Behind one that was
  /// over before half of `longest` and brought no other event id this doubles, up to `longest`.
  Duration spacing_min{250};
  /// So long after streams were found to be held back one is tried again, and each time after twice
  /// as long, up to `stream_retry_max`.
  Duration stream_retry_min{300'000};
  Duration stream_retry_max{3'600'000};
};

enum class RetryPolicy : std::uint8_t {
  resilient,  ///< Retries what may pass: 408, 429, 5xx, and what EventSource hides.
  standard,   ///< What the HTML standard does (9.2.3): any answer but a stream fails for good.
};

struct ConnectionOptions {
  RetryPolicy policy = RetryPolicy::resilient;
  BackoffOptions backoff;
  /// The reconnection time until the server names one.
  Duration reconnection_time{1'000};
  /// A server's `retry` and `Retry-After` above this count as this: a typo must not end the stream.
  Duration reconnection_time_max{300'000};
  /// A woken attempt begins no sooner than this after the one before it began, however short the
  /// server's reconnection time is: a user who flips through tabs must not hammer it.
  Duration wake_spacing_min{1'000};
  /// How long to wait for the answer, and before it for the token.
  Duration connect_timeout{15'000};
  /// How often the server pings, until two pings of a stream have shown it (`on_ping`); 0: it does
  /// not, so that silence says nothing.
  Duration ping_interval{30'000};
  /// How long a stream may bring no byte. Not given: two and a half pings, so that one may get
  /// lost. `Duration::max()`: for ever. A stream that shows how often it pings (`on_ping`), or
  /// announces its heartbeat (`on_comment`), may be silent for two and a half of those, where that
  /// is shorter.
  std::optional<Duration> silence_limit;
  /// A watchdog that goes off late (the process slept, or its timers are throttled) gives the
  /// stream this much longer, once: its bytes may lie in a queue still. Where somebody looks at a
  /// stream, it may have been silent for one ping's interval and this.
  Duration late_grace{5'000};
  /// A stream that has been open this long counts as stable, and the backoff starts afresh.
  Duration stable_after{10'000};
  /// How long changes are gathered (`Connection::change`) before the stream is opened anew: a frame
  /// of a display that shows sixty a second. It doubles, up to `wake_spacing_min`, each time that a
  /// change comes sooner than that after its attempt began: a user who scrolls through a long list
  /// must not hammer the server, and has to get a stream on the way.
  Duration change_delay{16};
  /// The least wait while offline. Not for ever: loopback and VPNs make `offline` lie.
  Duration offline_probe_interval{60'000};
  /// Whether each attempt waits for a token, which itself never comes in here.
  bool needs_token = false;
  /// Whether the shell has a transport of `TransportKind::seeing`, beside a preferred one that
  /// hides the answers. The attempt after a refusal is made by it, and so each until it says why,
  /// or its stream is lost; the policy `standard` makes no such attempt.
  bool can_see = false;
  PollOptions polls;
};

/// Fetch a token, and answer with `on_token` or `on_token_failed`. While the stream of `attempt` is
/// open: the token is for the one that replaces it.
struct RequestToken {
  AttemptId attempt{};
  /// The server did not take the last one, or it expires soon: a fresh one, not a stored one.
  bool is_refused = false;
};
struct OpenTransport {
  AttemptId attempt{};
  std::string_view last_event_id;  ///< Empty: none yet. Holds until the machine's next input.
  TransportKind kind{};
};
struct CloseTransport {
  AttemptId attempt{};
};
/// Make one poll without a cursor, which the server answers at once, beside the transport of
/// `attempt`. Its first event is for `on_probe_event`; nothing else of it matters.
struct OpenProbe {
  AttemptId attempt{};
};
/// That poll has no use any more.
struct CloseProbe {};
struct StateChanged {
  ConnectionState from{};
  ConnectionState to{};
  ConnectionReason reason{};
  bool is_connected = false;  ///< `Connection::is_connected` behind it.
};
using ConnectionAction =
    std::variant<RequestToken, OpenTransport, CloseTransport, OpenProbe, CloseProbe, StateChanged>;

class Connection {
 public:
  /// `seed` spreads this client's delays from other clients' ones. `last_event_id` is what an
  /// earlier stream left (empty: none); the limit of `on_event_id` holds for it as well.
  Connection(const ConnectionOptions& options, std::uint64_t seed,
             std::string_view last_event_id = {});

  // Each input that can be refused returns whether it was accepted; one that was not changes
  // nothing. Signals and time are never refused.

  // What the caller wants. A `now` that is earlier than one before counts as that one, here and
  // below: a clock that was set back must not make the machine wait twice.
  /// Once only.
  bool connect(Instant now);
  /// Drops the stream that is open, or the wait that is under way, and connects at once. Refused
  /// where there is neither. This is the caller's own word, which no bound on waking holds back.
  bool restart(Instant now);
  bool close(Instant now);
  /// What the caller asks the server for is not what the current attempt has asked for. The stream
  /// that is open, or the attempt under way, is replaced by another one after `change_delay`, which
  /// is neither a loss nor a failure. An attempt that has not asked yet asks for what there is
  /// then: no wait gets shorter.
  void change(Instant now);

  // What the environment signals. Being hidden is no signal: it makes timers late, and that is
  // normal here.
  /// The network is back: a wait ends as early as the server allows. If it was gone
  /// (`on_offline`), and no stream has opened since, what is open or under way has died with it,
  /// and is opened anew likewise. Otherwise it says the same as `on_visible`.
  void on_online(Instant now);
  /// The network is gone: waits become long. An open stream is left to its watchdog, since this
  /// signal may lie.
  void on_offline(Instant now);
  /// Somebody looks: a wait ends as early as the server allows. A stream that has been silent for
  /// longer than a ping's interval (a heartbeat's, where that was announced) and `late_grace` is
  /// given up (`silent`), and opened anew likewise.
  void on_visible(Instant now);
  /// The page is back from the back-forward cache, where its transports died unheard: what is open
  /// or under way is dropped, and opened anew as early as the server allows.
  void on_restored(Instant now);

  // The answers to `RequestToken`. Refused unless `attempt` is the current one, and waits for it.
  bool on_token(AttemptId attempt, Instant now);
  bool on_token_failed(AttemptId attempt, TokenFailure failure, Instant now);

  // What the transport of `attempt` reports. Refused unless that is the current one.
  /// The first answer. It opened the stream if the state is `open` afterwards. While the attempt
  /// waits for its token: the answer by which the server refused to give what the stream would be
  /// asked for with (a ticket), which means the same as that answer of the stream itself.
  bool on_response(AttemptId attempt, const ResponseHead& head, Instant now);
  /// Any byte, a comment's too: the stream is not silent.
  bool on_activity(AttemptId attempt, Instant now);
  /// A comment's text, behind the colon. One that announces the stream's heartbeat
  /// (sse/heartbeat.hpp) shortens how long this stream may be silent from now on, to no less than 3
  /// seconds; any other changes nothing. The next stream begins with what the options say, as it
  /// may come from another server.
  bool on_comment(AttemptId attempt, std::string_view text);
  /// A ping, with the server's time of it. Two of one stream show its interval, by the server's
  /// clock or this one, whichever says longer, if that is at most five minutes; it shortens how
  /// long this stream may be silent as a heartbeat does.
  bool on_ping(AttemptId attempt, std::int64_t timestamp_ms);
  /// An event of the stream, whatever it says: nothing holds it back.
  bool on_event_arrived(AttemptId attempt);
  /// The probe beside `attempt` has brought an event. Refused if there is none. Polls take the
  /// place of the stream, which is no loss, unless that has brought an event as well.
  bool on_probe_event(AttemptId attempt, Instant now);
  /// The id to resume from. One that is longer than `last_event_id_bytes_max` is refused.
  bool on_event_id(AttemptId attempt, std::string_view last_event_id);
  bool on_retry(AttemptId attempt, Duration reconnection_time);
  /// The server says that the token which opened the stream expires in this time (below 0: it has).
  /// Somewhen in the first half of it, which spreads clients, a fresh token is asked for, and with
  /// that the stream is replaced; where none is needed (a cookie), it is replaced then. That is
  /// neither a loss nor a failure. While no token can be had the stream stays, and a token is asked
  /// for again, no sooner than a refusal's `Retry-After`. No attempt begins sooner than
  /// `wake_spacing_min` after the one before: a stream with less than that left stays until the
  /// server ends it. Only what a stream says first counts.
  bool on_token_expiring(AttemptId attempt, Duration expires_in);
  /// The stream has brought its last message: what was asked for has ended. Closes for good.
  bool on_finished(AttemptId attempt);
  /// The end of a poll is followed by the next one. As long as polls succeed they are one
  /// connection to the caller: `StateChanged` says nothing between them. A poll without an event
  /// that was over before half its time counts as a stream that ended.
  bool on_end(AttemptId attempt, TransportEnd end, Instant now);

  // Time. Calling `handle_deadline` early does nothing; calling it late is normal (a throttled
  // tab).
  /// Nothing: not until another input. `Instant::max()`: never, by an option.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void handle_deadline(Instant now);

  /// The next action to carry out, in order. Poll after every call until there is none.
  [[nodiscard]] std::optional<ConnectionAction> poll_action();

  /// Between two polls, `connecting` or `authorizing`.
  [[nodiscard]] ConnectionState state() const { return state_; }
  [[nodiscard]] ConnectionReason reason() const { return reason_; }
  /// A stream is open, or is being replaced (`changed`, `renewed`), which has not failed.
  [[nodiscard]] bool is_connected() const { return is_connected_; }
  /// What the next attempt resumes from; empty: nothing yet.
  [[nodiscard]] std::string_view last_event_id() const { return last_event_id_; }
  /// The attempt whose transport the caller has opened last, and so has asked the server for
  /// something. 0: it has closed that one, or opened none yet.
  [[nodiscard]] AttemptId opened_attempt() const { return AttemptId{opened_attempt_}; }

 private:
  /// A caller that polls after every input never has more than three changes to hear of. One that
  /// does not hears the first ones, and the last one as what the rest came to.
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

  /// Takes the transition of the table for `event`; false where the table has none. `retry_after`
  /// stands in for the reconnection time, if the transition begins a wait.
  bool transition(ConnectionEvent event, std::optional<Duration> retry_after = std::nullopt);
  void enter(const ConnectionTransition& row, std::optional<Duration> retry_after);
  void queue_change(const StateChanged& change);

  ConnectionOptions options_;
  Backoff backoff_;
  Duration reconnection_time_;
  std::string last_event_id_;
  Instant now_ = Instant::min();  ///< The latest seen.

  // The last attempt, and the wait after it.
  Instant attempt_began_{};     ///< When the attempt began.
  Instant opening_deadline_{};  ///< When it has to be open.
  Instant opened_{};            ///< When its stream opened.
  Instant deadline_{};          ///< The state's; idle and closed have none.

  // The open stream's silence.
  Duration silence_limit_{};
  Duration ping_interval_{};  ///< 0: it does not ping.
  std::optional<Duration> heartbeat_;
  struct Ping {
    Instant heard{};
    std::int64_t timestamp_ms = 0;
  };
  std::optional<Ping> last_ping_;
  Instant quiet_until_{};  ///< Until then it may be silent and alive.

  Instant earliest_wake_{};  ///< Of a wait: when a signal may end it.
  /// When the attempt is replaced by one that asks for something else; nothing: it is not.
  std::optional<Instant> change_due_;
  Duration change_delay_{};  ///< Of the next change.
  /// When a poll's attempt is due, which has to keep a distance from the one before.
  std::optional<Instant> poll_due_;
  Duration poll_spacing_{};  ///< The least distance of the next one.
  /// When a stream without an event is compared with a poll; nothing: not, or not again.
  std::optional<Instant> probe_due_;
  Instant stream_due_{};     ///< While streams are held back: when one is tried again.
  Duration stream_retry_{};  ///< How long after that the next time is.
  /// Of the open stream's token, once the server has said so.
  std::optional<Instant> token_expires_;
  /// When to renew the stream, or to ask again for the token to do so; nothing: not at all.
  std::optional<Instant> renewal_due_;
  std::uint32_t attempt_ = 0;

  ConnectionState state_ = ConnectionState::idle;
  ConnectionReason reason_ = ConnectionReason::none;
  bool is_connected_ = false;
  TransportKind kind_{};           ///< Of the attempt.
  bool is_held_back_ = false;      ///< What a stream brings: polls take its place.
  bool has_event_ = false;         ///< An event has come of the attempt.
  bool has_new_event_id_ = false;  ///< So has an event id that is not the one it was asked with.
  bool wants_status_ = false;      ///< The attempt before was refused unseen, or the kind says why.
  bool used_grace_ = false;        ///< The watchdog went off late, and no byte has come since.
  bool is_offline_ = false;        ///< Signalled, and not belied by a stream since.
  bool needs_fresh_token_ =
      false;                       ///< The last token was refused, and no other one has come since.
  bool awaits_renewal_ = false;    ///< A token was asked for, to renew the stream that is open.
  bool was_unauthorized_ = false;  ///< A token was refused, and no stream has been open since.

  // What the caller has not polled yet.
  bool is_attempt_pending_ =
      false;  ///< The state's own action: request a token, or open a transport.
  bool is_renewal_pending_ = false;   ///< Request the token that renews the stream.
  std::uint32_t opened_attempt_ = 0;  ///< The attempt whose transport the caller opened; 0: none.
  bool is_probe_pending_ = false;     ///< Open a probe.
  std::uint32_t probed_attempt_ =
      0;  ///< The attempt that the caller has opened a probe for; 0: none.
  ConnectionState reported_state_ =
      ConnectionState::idle;  ///< What the last change of state was to.
  std::array<StateChanged, changes_max> changes_{};
  std::size_t changes_count_ = 0;
};

}  // namespace regstream
