#pragma once

#include <cstdint>
#include <deque>
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
/// and actions are polled.
///
///     state       input                          next        action
///     ----------  -----------------------------  ----------  ------------------------------
///     idle        connect                        connecting  open transport
///     connecting  accepted                       open
///     connecting  refused for good               closed      close transport
///     connecting  refused, failed, timed out     waiting     close transport
///     open        ended, failed, silent          waiting     close transport
///     waiting     deadline, woken                connecting  open transport
///     any         close                          closed      close transport, if there is one
///     closed      anything                       closed
///
/// `connection_transitions` in transitions.hpp is this table as data, and what the machine runs on.
/// Everything that decides about reconnecting is in this machine.
namespace regstream {

/// Names one attempt. It accompanies every action and every transport input; an input that names an
/// earlier attempt is stale, and dropped.
enum class AttemptId : std::uint32_t {};

/// How an attempt ended, as its transport saw it.
enum class TransportEnd : std::uint8_t {
  ended,   ///< The server closed the stream cleanly.
  failed,  ///< No connection, or it broke.
  /// The server answered, but not with a stream, and the transport can't say with what: EventSource
  /// hides the status.
  refused_unseen,
};

/// What the server answered with.
struct ResponseHead {
  std::uint16_t status = 0;
  bool is_event_stream = false;  ///< Content-Type's essence is text/event-stream.
  std::optional<Duration> retry_after;
};

enum class RetryPolicy : std::uint8_t {
  resilient,  ///< Retries what may pass: 408, 429, 5xx, and what EventSource hides.
  standard,   ///< What the HTML standard does: any answer but a stream fails for good.
};

struct ConnectionOptions {
  RetryPolicy policy = RetryPolicy::resilient;
  BackoffOptions backoff;
  /// The reconnection time until the server names one.
  Duration reconnection_time{1'000};
  /// A server's `retry` and `Retry-After` above this count as this: a typo must not end the stream.
  Duration reconnection_time_max{300'000};
  Duration connect_timeout{15'000};
  /// Two and a half of the gateway's 30 s pings.
  Duration silence_limit{75'000};
  /// A stream that has been open this long counts as stable, and the backoff starts afresh.
  Duration stable_after{10'000};
};

struct OpenTransport {
  AttemptId attempt{};
  std::string last_event_id;  ///< Empty: none yet.
};
struct CloseTransport {
  AttemptId attempt{};
};
struct StateChanged {
  ConnectionState from{};
  ConnectionState to{};
  ConnectionReason reason{};
};
using ConnectionAction = std::variant<OpenTransport, CloseTransport, StateChanged>;

class Connection {
 public:
  /// `seed` spreads this client's delays from other clients' ones. `last_event_id` is what an
  /// earlier stream left (empty: none); the limit of `on_event_id` holds for it as well.
  Connection(const ConnectionOptions& options, std::uint64_t seed,
             std::string_view last_event_id = {});

  // What the caller wants.
  void connect(Instant now);
  void close(Instant now);
  /// Online again, visible again, restored from the back-forward cache: why wait any longer?
  void wake(Instant now);

  // What the transport of `attempt` reports.
  void on_response(AttemptId attempt, const ResponseHead& head, Instant now);
  /// Any byte, a comment's too: the stream is not silent.
  void on_activity(AttemptId attempt, Instant now);
  /// The id to resume from. One that is longer than a header should be (4096 bytes) is not taken.
  void on_event_id(AttemptId attempt, std::string_view last_event_id);
  void on_retry(AttemptId attempt, Duration reconnection_time);
  void on_end(AttemptId attempt, TransportEnd end, Instant now);

  // Time. Calling `handle_deadline` early does nothing; calling it late is normal (a throttled
  // tab).
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void handle_deadline(Instant now);

  /// The next action to carry out, in order. Poll after every call until there is none.
  [[nodiscard]] std::optional<ConnectionAction> poll();

  [[nodiscard]] ConnectionState state() const;
  [[nodiscard]] ConnectionReason reason() const { return reason_; }
  /// Inputs dropped because they named another attempt than the current one.
  [[nodiscard]] std::uint64_t stale_inputs() const { return stale_inputs_; }

 private:
  // A state owns exactly what holds while it lasts.
  struct Idle {};
  struct Connecting {
    AttemptId attempt;
    Instant gives_up_at;
  };
  struct Open {
    AttemptId attempt;
    Instant since;
    Instant silent_at;
  };
  struct Waiting {
    Instant until;
  };
  struct Closed {};

  [[nodiscard]] std::optional<AttemptId> attempt() const;
  /// False, and counted, if `attempt` is not the current one.
  [[nodiscard]] bool is_current(AttemptId attempt);
  [[nodiscard]] ConnectionEvent classify(const ResponseHead& head) const;
  [[nodiscard]] Duration bounded(Duration reconnection_time) const;

  /// Takes the transition of the table for `event`; does nothing where the table has none.
  /// `floor` is the least delay before the next attempt, if the transition begins a wait.
  void take(ConnectionEvent event, Instant now, Duration floor);
  void take(ConnectionEvent event, Instant now) { take(event, now, reconnection_time_); }
  void enter(ConnectionState state, Instant now, Duration floor);
  void leave(Instant now);
  void queue(ConnectionAction action);
  void forget_superseded_actions();

  ConnectionOptions options_;
  Backoff backoff_;
  Duration reconnection_time_;
  std::string last_event_id_;
  std::uint32_t attempts_ = 0;
  std::variant<Idle, Connecting, Open, Waiting, Closed> state_;
  ConnectionReason reason_ = ConnectionReason::none;
  std::uint64_t stale_inputs_ = 0;
  std::deque<ConnectionAction> actions_;
};

}  // namespace regstream
