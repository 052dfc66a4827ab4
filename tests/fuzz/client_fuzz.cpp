#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <regstream/connection/connection.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/session/stream_session.hpp>
#include <regstream/sse/encoder.hpp>
#include <regstream/sse/parser.hpp>
#include <regstream/workflow/registration.hpp>

#include "check.hpp"
#include "client_program.hpp"
#include "input.hpp"
#include "message_judge.hpp"

// clang-format off
// A client's session, as the native client and the browser package use it, of registration 42 and of others, under a
// program of inputs. The program is text with one input a line. Its first line has the options as numbers, in the order
// in which `options_of` reads them.
//
//     c  x  s  h    connect, close, restart, handle the deadline
//     k43 44        follow 42 and these from now on
//     n  N  w  v    online, offline, visible, restored
//     T  t  D       a token is there, may come later, or is denied
//     +250  =       time passes: milliseconds, or up to the deadline, which is then handled
//     a             200 with an event stream
//     r503 2000     another response; Retry-After in milliseconds if given
//     E  F  R       the transport ended, failed, or was refused unseen
//     P data: x     bytes of the probe and an event's end
//     b data: x     bytes of the stream and a line end
//     p data: x     the same without the line end
//     e 5-1 {}      an event of a parsing transport: its id, or - if unchanged; its data
//     i  I          restart or close at the next message
//     g1sp 500      an update: its stage; [s]tarted [c]ompleted [f]ailed s[k]ipped or [-] of no stage;
//                   [p]ending [a]pproved [d]uplicate [f]ailed [c]ompleted or another; its time
//     !E            the same report from an earlier transport
//     .             poll, if by the options the caller polls only now
// clang-format on

namespace regstream::fuzz {
namespace {

constexpr std::array<std::int64_t, 1> registration_ids{registration_id};
constexpr std::size_t unpolled_actions_max = 16;
/// Later than any real clock. The very last instants mean "never".
constexpr Instant now_max{Duration::max() / 2};
constexpr std::size_t cursor_bytes_max = 4096;
constexpr Duration silence_min{3'000};

/// The instant `delay` after `now`: never before `now`, and at the latest the last one.
Instant after(Instant now, Duration delay) {
  const Duration wait = std::max(delay, Duration::zero());
  return now.time_since_epoch() > Duration::max() - wait ? Instant::max() : now + wait;
}

bool is_in_table(const StateChanged& change, bool needs_token) {
  return std::any_of(
      connection_transitions.begin(), connection_transitions.end(),
      [&](const ConnectionTransition& row) {
        const bool skips_token = !needs_token && row.to == ConnectionState::authorizing;
        const ConnectionState to = skips_token ? ConnectionState::connecting : row.to;
        return row.from == change.from && to == change.to && row.reason == change.reason;
      });
}

bool has_transport(ConnectionState state) {
  return state == ConnectionState::connecting || state == ConnectionState::open;
}

/// The session's caller, with its own model of the session.
class Caller {
 public:
  explicit Caller(const Options& options)
      : options_(options),
        session_(options.connection, 1, registration_ids),
        reconnection_time_(bounded(options.connection.reconnection_time)) {}

  void run_line(std::string_view line) {
    const ConnectionState state_before = session_.state();
    is_polling_ = options_.polls_always;
    floor_ = reconnection_time_;
    is_signalled_ = !line.empty() && std::string_view{"nwv"}.find(line.front()) != line.npos;
    take(line);
    settle(state_before);
  }

  void finish() {
    take("x");
    is_polling_ = true;
    settle(session_.state());
    check(session_.state() == ConnectionState::closed, "a client that is closed is closed");
    check(!transport_, "a client that is closed has no transport");
  }

 private:
  [[nodiscard]] Duration bounded(Duration delay) const {
    return std::clamp(delay, Duration::zero(),
                      std::max(options_.connection.reconnection_time_max, Duration::zero()));
  }

  void take(std::string_view line) {
    const bool is_stale = line.starts_with('!');
    line.remove_prefix(is_stale ? 1 : 0);
    const char what = line.empty() ? ' ' : line.front();
    line.remove_prefix(line.empty() ? 0 : 1);
    switch (what) {
      case 'c':
        session_.connect(now_);
        return;
      case 'x':
        session_.close(now_);
        return;
      case 's':
        session_.restart(now_);
        return;
      case 'k':
        return follow(line);
      case 'n':
        return look_at_renewal([&] { session_.on_online(now_); });
      case 'N':
        is_offline_ = true;
        return session_.on_offline(now_);
      case 'w':
        return look_at_renewal([&] { session_.on_visible(now_); });
      case 'v':
        return session_.on_restored(now_);
      case 'h':
        return handle_deadline();
      case '+':
        now_ = std::min(after(now_, Duration{take_number(line).value_or(1)}), now_max);
        return;
      case '=':
        now_ = std::max(now_, std::min(session_.next_deadline().value_or(now_), now_max));
        return handle_deadline();
      case '.':
        is_polling_ = true;
        return;
      case 'i':
      case 'I':
        interruption_ = what;
        return;
      default:
        break;
    }
    // An id that no attempt has had yet would not be stale in a machine that was not polled.
    const auto newest = static_cast<std::uint32_t>(newest_attempt_);
    attempt_ = is_stale && newest > 0 ? AttemptId{newest - 1} : newest_attempt_;
    report(what, line);
  }

  void follow(std::string_view line) {
    std::vector<InstanceId> ids{registration_id};
    while (const auto id = take_number(line)) {
      ids.emplace_back(*id);
    }
    const auto deadline = session_.next_deadline();
    const bool was_connected = session_.is_connected();
    const bool is_accepted = session_.follow(ids, now_);
    check(is_accepted == can_ask(ids, registration_workflow()), "what can be asked for is taken");
    check(session_.is_connected() == was_connected, "other ids lose no connection");
    const auto due = session_.next_deadline();
    check(due == deadline || (is_accepted && has_transport(session_.state()) && due < deadline),
          "other ids make no wait shorter");
  }

  void handle_deadline() {
    const auto deadline = session_.next_deadline();
    const ConnectionState before = session_.state();
    look_at_renewal([&] { session_.handle_deadline(now_); });
    check(!deadline || now_ < *deadline || *deadline == Instant::max() ||
              session_.state() != before || session_.next_deadline() != deadline,
          "a deadline that has come is dealt with");
    check((deadline && now_ >= *deadline) || session_.state() == before,
          "nothing happens before the deadline");
  }

  /// An input that also handles the deadline: the wait for a token that renews the open stream ends
  /// with it.
  template <typename Input>
  void look_at_renewal(const Input& input) {
    if (renews_until_ && now_ >= *renews_until_) {
      renews_until_.reset();
    }
    input();
  }

  /// Whether a token is pending, for a new attempt or to renew the open stream.
  [[nodiscard]] bool awaits_token() const {
    return session_.state() == ConnectionState::authorizing || renews_until_.has_value();
  }

  /// Whether a response is pending: the stream's, or one that refuses a token.
  [[nodiscard]] bool awaits(const ResponseHead& head) const {
    if (session_.state() == ConnectionState::authorizing) {
      return head.status != 200 || !head.is_event_stream;
    }
    return session_.state() == ConnectionState::connecting || renews_until_.has_value();
  }

  /// A report of the transport of `attempt_`.
  void report(char what, std::string_view line) {
    switch (what) {
      case 'T':
        tell([&] { return session_.on_token(attempt_, now_); }, awaits_token());
        return;
      case 't':
        if (tell([&] { return session_.on_token_failed(attempt_, TokenFailure::may_pass, now_); },
                 awaits_token())) {
          renews_until_.reset();
        }
        return;
      case 'D':
        tell([&] { return session_.on_token_failed(attempt_, TokenFailure::for_good, now_); },
             awaits_token());
        return;
      case 'a':
        return respond({.status = 200, .is_event_stream = true, .retry_after = std::nullopt});
      case 'r': {
        ResponseHead head;
        head.status = static_cast<std::uint16_t>(take_number(line).value_or(200));
        if (const auto delay = take_number(line)) {
          head.retry_after = Duration{*delay};
        }
        return respond(head);
      }
      case 'E':
        return end(TransportEnd::ended);
      case 'F':
        return end(TransportEnd::failed);
      case 'R':
        return end(TransportEnd::refused_unseen);
      case 'P':
        return probe_bytes(line);
      case 'b':
        return bytes(std::string{line.substr(line.starts_with(' ') ? 1 : 0)} + '\n');
      case 'p':
        return bytes(line.substr(line.starts_with(' ') ? 1 : 0));
      case 'e':
        return event(line);
      case 'g':
        return update(line);
      default:
        return;
    }
  }

  /// Whether the machine accepted `input`. It must if the attempt is the current one and waits for
  /// such an input.
  template <typename Input>
  bool tell(const Input& input, bool is_waited_for = true) {
    const bool is_current =
        (transport_ == attempt_ && has_transport(session_.state())) ||
        (newest_attempt_ == attempt_ && session_.state() == ConnectionState::authorizing);
    const auto deadline = session_.next_deadline();
    const ConnectionState state = session_.state();
    const bool is_accepted = input();
    check(is_accepted || (session_.state() == state && session_.next_deadline() == deadline),
          "an input that is refused changes nothing");
    check(!options_.polls_always || polls() || is_accepted == (is_current && is_waited_for),
          "the current transport is heard, and no other");
    return is_accepted;
  }

  void respond(const ResponseHead& head) {
    const bool was_open = is_open();
    const bool is_taken =
        tell([&] { return session_.on_response(attempt_, head, now_); }, awaits(head));
    if (is_taken && was_open) {
      check(is_open(), "a token that is refused leaves the stream open");
      return renews_until_.reset();
    }
    if (is_taken && is_open()) {
      parser_.emplace(sse::ParserLimits{}, last_event_id_);
    }
    check(!is_taken || session_.state() != ConnectionState::connecting,
          "an answer ends the connecting");
    if (is_taken && head.retry_after) {
      floor_ = bounded(*head.retry_after);
    }
  }

  void probe_bytes(std::string_view line) {
    const ExactCopy chunk{std::string{line} + "\n\n"};
    const bool has_probe = probe_.has_value();
    const bool is_taken = session_.on_probe_bytes(probe_.value_or(attempt_), chunk.view(), now_);
    check(!is_taken || (has_probe && polls()), "only a probe that was asked for changes something");
  }

  void end(TransportEnd how) {
    const bool is_taken =
        tell([&] { return session_.on_end(attempt_, how, now_); }, has_transport(session_.state()));
    check(!is_taken || polls() || !has_transport(session_.state()),
          "a transport that ended is given up");
  }

  void bytes(std::string_view text) {
    const ExactCopy chunk{text};
    if (!tell([&] { return session_.on_bytes(attempt_, chunk.view(), now_); }, is_open())) {
      return;
    }
    const auto deadline = session_.next_deadline();
    parser_->feed(chunk.view());
    while (const auto message = session_.poll_message()) {
      check(next_message() && message->last_event_id == parser_->last_event_id(),
            "messages are the stream's, each with its id");
      hear(*message);
      if (interrupt()) {
        return;
      }
    }
    check(!next_message(), "every message is heard");
    last_event_id_ = parser_->last_event_id();
    check(session_.next_deadline() >= std::min(deadline, std::optional{after(now_, silence_min)}),
          "a heartbeat gives a stream some seconds, or what the options say");
  }

  /// Whether the stream has another message, according to a separate parser.
  bool next_message() {
    while (true) {
      const sse::Token token = parser_->next();
      if (std::holds_alternative<sse::NeedInput>(token)) {
        return false;
      }
      if (const auto* retry = std::get_if<sse::Retry>(&token)) {
        reconnection_time_ = bounded(retry->delay);
        floor_ = reconnection_time_;
      }
      const auto* event = std::get_if<sse::Event>(&token);
      if (std::holds_alternative<sse::Skipped>(token) ||
          (event != nullptr && event->type == "message")) {
        return true;
      }
    }
  }

  void event(std::string_view line) {
    line.remove_prefix(line.starts_with(' ') ? 1 : 0);
    const std::size_t end = std::min(line.find(' '), line.size());
    const ExactCopy id{line.substr(0, end)};
    const ExactCopy data{line.substr(std::min(end + 1, line.size()))};
    const bool is_changed = id.view() != "-";
    if (!tell(
            [&] {
              return session_.on_event(attempt_, data.view(),
                                       is_changed ? std::optional{id.view()} : std::nullopt, now_);
            },
            is_open())) {
      return;
    }
    const auto message = session_.poll_message();
    check(message.has_value(), "an event is a message");
    if (is_changed && id.view().size() <= cursor_bytes_max) {
      last_event_id_ = id.view();
    }
    check(message->last_event_id == last_event_id_, "a message has the id of its event");
    hear(*message);
    interrupt();
    check(!session_.poll_message(), "an event is one message");
  }

  /// Restarts or closes the session in the middle of its messages, if that is planned.
  bool interrupt() {
    const char what = std::exchange(interruption_, ' ');
    if (what == ' ') {
      return false;
    }
    check(what == 'i' ? session_.restart(now_) : session_.close(now_),
          "an open stream can be left");
    check(!session_.poll_message(), "nothing is heard of a stream that was left");
    return true;
  }

  [[nodiscard]] bool polls() const { return options_.connection.polls.are_possible; }
  [[nodiscard]] bool is_open() const { return session_.state() == ConnectionState::open; }

  void hear(const SessionMessage& message) {
    last_event_id_ = message.last_event_id;
    check(session_.last_event_id() == last_event_id_, "the session resumes behind each message");
    judge_.hear(message, session_);
  }

  void update(std::string_view line) {
    std::string event;
    const std::string data = encode_update_envelope(encode_update(update_of(line)));
    check(!sse::append_event(event, {.data = data}), "an update can be sent");
    bytes(event);
  }

  /// Carries out the machine's actions, and checks its state then.
  void settle(ConnectionState before) {
    if (!is_polling_) {
      return;
    }
    const ConnectionState shown_before = shown_;
    std::size_t actions = 0;
    while (const auto action = session_.poll_action()) {
      check(++actions <= unpolled_actions_max, "what nobody polls does not pile up");
      check(shown_before != ConnectionState::closed, "nothing comes after closed");
      std::visit([this](const auto& step) { carry_out(step); }, *action);
    }
    const ConnectionState state = session_.state();
    // To the caller, successive polls are one connection.
    const bool is_next_poll = polls() && shown_ == ConnectionState::open && session_.is_connected();
    check(shown_ == state || is_next_poll, "every change of state is told");
    check(state != ConnectionState::open || session_.is_connected(), "open is connected");
    check(state == ConnectionState::open || has_transport(state) ||
              state == ConnectionState::authorizing || !session_.is_connected(),
          "who waits, or is closed, is not connected");
    check(transport_.has_value() == has_transport(state) || is_next_poll,
          "a transport is there where it belongs");
    check(!probe_ || transport_.has_value(), "a probe is beside a transport");
    check(before != ConnectionState::closed || state == ConnectionState::closed,
          "closed is for good");
    check_deadline(actions > 0);
  }

  void carry_out(const RequestToken& step) {
    const bool is_renewal = transport_ == step.attempt && shown_ == ConnectionState::open;
    check(!transport_ || is_renewal,
          "a token is asked for before a transport is opened, or to replace one that is open");
    check(options_.connection.needs_token, "a token is asked for only where one is needed");
    check(step.attempt > newest_attempt_ || is_renewal, "the numbers of attempts grow");
    newest_attempt_ = step.attempt;
    if (is_renewal) {
      renews_until_ = after(now_, options_.connection.connect_timeout);
    }
  }
  void carry_out(const OpenTransport& step) {
    check(!transport_, "one transport at a time");
    check(step.attempt > newest_attempt_ ||
              (options_.connection.needs_token && step.attempt == newest_attempt_),
          "the numbers of attempts grow");
    check(step.last_event_id == last_event_id_, "an attempt resumes from the last event ID");
    const std::string query = session_.request_query();
    check(query.starts_with("registrationId=42") && query.size() <= stream_query_bytes_max,
          "an attempt asks for what is followed");
    check((query + '&').find("snapshot=42&") == std::string::npos,
          "who was followed always is resumed");
    check(query.find("snapshot=") == std::string::npos || !last_event_id_.empty(),
          "snapshots are asked for beside what is resumed");
    check(step.kind != TransportKind::polling || polls(),
          "polls are asked for only where possible");
    check(step.kind != TransportKind::seeing || options_.connection.can_see,
          "a transport that sees is asked for only where there is one");
    transport_ = newest_attempt_ = step.attempt;
  }
  void carry_out(const OpenProbe& step) {
    check(polls() && transport_ == step.attempt && !probe_, "one probe, beside its transport");
    probe_ = step.attempt;
  }
  void carry_out(const CloseProbe& /*step*/) {
    check(probe_.has_value(), "a probe that is closed was open");
    probe_.reset();
  }
  void carry_out(const CloseTransport& step) {
    check(transport_ == step.attempt, "what is closed was open");
    transport_.reset();
    renews_until_.reset();
  }
  void carry_out(const StateChanged& step) {
    check(step.from == shown_, "a change of state begins where the last one ended");
    check(!options_.polls_always || polls() || is_in_table(step, options_.connection.needs_token),
          "a change of state is one of the table");
    shown_ = step.to;
    check(!options_.polls_always || step.is_connected == session_.is_connected(),
          "a change of state says whether the session is connected");
  }

  void check_deadline(bool has_moved) {
    const auto deadline = session_.next_deadline();
    const ConnectionState state = session_.state();
    check(deadline.has_value() == (has_transport(state) || state == ConnectionState::waiting ||
                                   state == ConnectionState::authorizing),
          "whoever waits has a deadline, and nobody else");
    if (!deadline || !options_.polls_always) {
      return;
    }
    const ConnectionOptions& options = options_.connection;
    const ConnectionReason reason = session_.reason();
    if (state == ConnectionState::connecting && has_moved) {
      const PollOptions& polls = options.polls;
      const Duration longest = polls.are_possible ? polls.longest + polls.spacing_min : Duration{};
      check(*deadline <= after(after(now_, options.connect_timeout), longest),
            "connecting ends in time");
    } else if (state == ConnectionState::waiting && has_moved &&
               reason != ConnectionReason::offline) {
      const Duration probe = is_offline_ ? options.offline_probe_interval : Duration::zero();
      const Duration most = std::max(options.backoff.cap, Duration::zero());
      check(*deadline <= after(after(now_, std::max(floor_, probe)), most),
            "no wait is above floor and cap");
      // A signal ends a wait, except for the minimum distance between attempts.
      check(*deadline >= after(now_, floor_) || is_signalled_, "no wait is below the floor");
    }
  }

  Options options_;
  StreamSession session_;
  std::optional<sse::Parser> parser_;  ///< Of the last opened stream, for comparison.
  Instant now_{};
  std::optional<AttemptId> transport_;   ///< The open one.
  std::optional<AttemptId> probe_;       ///< The attempt beside which it is open.
  std::optional<Instant> renews_until_;  ///< While a token to renew the open stream is pending.
  AttemptId newest_attempt_{};           ///< The newest one that was opened.
  AttemptId attempt_{};                  ///< Whose report is in the current line.
  ConnectionState shown_ = ConnectionState::idle;  ///< As known from polled actions.
  Duration reconnection_time_;
  Duration floor_{};  ///< For a wait that begins in this line.
  std::string last_event_id_;
  bool is_polling_ = true;
  bool is_signalled_ = false;  ///< By this line.
  bool is_offline_ = false;    ///< Was signalled, but may not be true any more.
  char interruption_ = ' ';    ///< What the caller does at the next message.
  MessageJudge judge_;
};

}  // namespace
}  // namespace regstream::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  regstream::fuzz::Input input{data, size};
  regstream::fuzz::Caller caller{regstream::fuzz::options_of(input.until('\n'))};
  while (!input.rest().empty()) {
    caller.run_line(input.until('\n'));
  }
  caller.finish();
  return 0;
}
