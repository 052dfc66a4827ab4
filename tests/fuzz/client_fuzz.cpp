#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <regstream/connection/connection.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/sse/encoder.hpp>
#include <regstream/sse/parser.hpp>

#include "check.hpp"
#include "input.hpp"

// clang-format off
// A client's machines - connection, parser, registration - wired as native/client/stream_client.cpp
// and wasm/abi/client.cpp wire them, under a program of inputs. The program is text, one input a
// line; its first line has the options as numbers, in the order in which `options_of` takes them.
//
//     c  x  s  h    connect, close, restart, handle the deadline
//     n  N  w  v    online, offline, visible, restored
//     T  t  D       a token is there, may come later, is denied
//     +250  =       time goes on, by milliseconds or up to the deadline (which is then handled)
//     a             200 with an event stream
//     r503 2000     another answer, with Retry-After in milliseconds if it is given
//     E  F  R       the transport ended, failed, was refused unseen
//     b data: x     bytes of the stream, and a line end
//     p data: x     the same without the line end
//     g1sp 500      an update: its stage; [s]tarted [c]ompleted [f]ailed s[k]ipped or [-] of no stage;
//                   [p]ending [a]pproved [d]uplicate [f]ailed [c]ompleted or another; its time
//     !E            whatever a transport reports, from an earlier one
//     .             polls, where the options say that the caller does so only now
// clang-format on

namespace regstream::fuzz {
namespace {

constexpr std::int64_t registration_id = 42;
constexpr std::size_t unpolled_actions_max = 16;
/// Later than any clock gets; the last instants of all stand for "never".
constexpr Instant now_max{Duration::max() / 2};
constexpr std::size_t cursor_bytes_max = 4096;
constexpr Duration silence_min{3'000};

/// Takes a number with its sign off `text`; what does not fit is the largest.
std::optional<std::int64_t> take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const bool is_negative = text.starts_with('-');
  text.remove_prefix(is_negative ? 1 : 0);
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  std::optional<std::int64_t> number;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    const std::int64_t digit = text.front() - '0';
    const std::int64_t before = number.value_or(0);
    number = before > (largest - digit) / 10 ? largest : before * 10 + digit;
    text.remove_prefix(1);
  }
  return is_negative && number ? std::optional{-*number} : number;
}

struct Options {
  bool polls_always = true;
  ConnectionOptions connection;
};

Options options_of(std::string_view line) {
  Options options;
  ConnectionOptions& connection = options.connection;
  options.polls_always = take_number(line).value_or(1) != 0;
  connection.policy =
      take_number(line).value_or(0) == 0 ? RetryPolicy::resilient : RetryPolicy::standard;
  connection.needs_token = take_number(line).value_or(0) != 0;
  for (Duration* const duration :
       {&connection.backoff.base, &connection.backoff.cap, &connection.reconnection_time,
        &connection.reconnection_time_max, &connection.connect_timeout, &connection.ping_interval,
        &connection.stable_after, &connection.wake_spacing_min, &connection.late_grace,
        &connection.offline_probe_interval}) {
    *duration = Duration{take_number(line).value_or(duration->count())};
  }
  return options;
}

/// The point `delay` after `now`; never before `now`, and at the latest the
/// last one there is.
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

/// The caller of the machines, and what it knows of them by itself.
class Caller {
 public:
  explicit Caller(const Options& options)
      : options_(options),
        connection_(options.connection, 1),
        reconnection_time_(bounded(options.connection.reconnection_time)) {}

  void run_line(std::string_view line) {
    const ConnectionState state_before = connection_.state();
    is_polling_ = options_.polls_always;
    floor_ = reconnection_time_;
    take(line);
    settle(state_before);
  }

  void finish() {
    take("x");
    is_polling_ = true;
    settle(connection_.state());
    check(connection_.state() == ConnectionState::closed, "a client that is closed is closed");
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
        connection_.connect(now_);
        return;
      case 'x':
        connection_.close(now_);
        return;
      case 's':
        connection_.restart(now_);
        return;
      case 'n':
        return connection_.on_online(now_);
      case 'N':
        is_offline_ = true;
        return connection_.on_offline(now_);
      case 'w':
        return connection_.on_visible(now_);
      case 'v':
        return connection_.on_restored(now_);
      case 'h':
        return handle_deadline();
      case '+':
        now_ = std::min(after(now_, Duration{take_number(line).value_or(1)}), now_max);
        return;
      case '=':
        now_ = std::max(now_, std::min(connection_.next_deadline().value_or(now_), now_max));
        return handle_deadline();
      case '.':
        is_polling_ = true;
        return;
      default:
        break;
    }
    // An id that no attempt has had yet would not be stale in a machine that
    // nobody has polled.
    const auto newest = static_cast<std::uint32_t>(newest_attempt_);
    attempt_ = is_stale && newest > 0 ? AttemptId{newest - 1} : newest_attempt_;
    report(what, line);
  }

  void handle_deadline() {
    const auto deadline = connection_.next_deadline();
    const ConnectionState before = connection_.state();
    connection_.handle_deadline(now_);
    check(!deadline || now_ < *deadline || *deadline == Instant::max() ||
              connection_.state() != before || connection_.next_deadline() != deadline,
          "a deadline that has come is dealt with");
    check((deadline && now_ >= *deadline) || connection_.state() == before,
          "nothing happens before the deadline");
  }

  /// What the transport of `attempt_` has to say.
  void report(char what, std::string_view line) {
    switch (what) {
      case 'T':
        tell([&] { return connection_.on_token(attempt_, now_); },
             connection_.state() == ConnectionState::authorizing);
        return;
      case 't':
        tell([&] { return connection_.on_token_failed(attempt_, TokenFailure::may_pass, now_); },
             connection_.state() == ConnectionState::authorizing);
        return;
      case 'D':
        tell([&] { return connection_.on_token_failed(attempt_, TokenFailure::for_good, now_); },
             connection_.state() == ConnectionState::authorizing);
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
      case 'b':
        return bytes(std::string{line.substr(line.starts_with(' ') ? 1 : 0)} + '\n');
      case 'p':
        return bytes(line.substr(line.starts_with(' ') ? 1 : 0));
      case 'g':
        return update(line);
      default:
        return;
    }
  }

  /// Whether the machine accepted `input`. It has to if the attempt is the current one, unless that
  /// does not wait for such an input.
  template <typename Input>
  bool tell(const Input& input, bool is_waited_for = true) {
    const bool is_current =
        (transport_ == attempt_ && has_transport(connection_.state())) ||
        (newest_attempt_ == attempt_ && connection_.state() == ConnectionState::authorizing);
    const auto deadline = connection_.next_deadline();
    const ConnectionState state = connection_.state();
    const bool is_accepted = input();
    check(is_accepted || (connection_.state() == state && connection_.next_deadline() == deadline),
          "an input that is refused changes nothing");
    check(!options_.polls_always || is_accepted == (is_current && is_waited_for),
          "the current transport is heard, and no other");
    return is_accepted;
  }

  void respond(const ResponseHead& head) {
    const bool is_answer = connection_.state() == ConnectionState::connecting;
    const bool is_taken =
        tell([&] { return connection_.on_response(attempt_, head, now_); }, is_answer);
    if (is_taken && connection_.state() == ConnectionState::open) {
      parser_.begin_connection();
    }
    check(!is_taken || connection_.state() != ConnectionState::connecting,
          "an answer ends the connecting");
    if (is_taken && head.retry_after) {
      floor_ = bounded(*head.retry_after);
    }
  }

  void end(TransportEnd how) {
    const bool is_taken = tell([&] { return connection_.on_end(attempt_, how, now_); },
                               has_transport(connection_.state()));
    check(!is_taken || !has_transport(connection_.state()), "a transport that ended is given up");
  }

  void bytes(std::string_view text) {
    const ExactCopy chunk{text};
    if (!tell([&] { return connection_.on_activity(attempt_, now_); })) {
      return;
    }
    parser_.feed(chunk.view());
    while (true) {
      const sse::Token token = parser_.next();
      if (std::holds_alternative<sse::NeedInput>(token)) {
        break;
      }
      if (const auto* skipped = std::get_if<sse::Skipped>(&token)) {
        resume_from(skipped->last_event_id);
        fold([&] { return registration_.mark_gap(Gap::missed_message); });
      } else if (const auto* event = std::get_if<sse::Event>(&token)) {
        message(*event);
      } else if (const auto* retry = std::get_if<sse::Retry>(&token)) {
        if (tell([&] { return connection_.on_retry(attempt_, retry->delay); })) {
          reconnection_time_ = bounded(retry->delay);
          floor_ = reconnection_time_;
        }
      } else if (const auto* comment = std::get_if<sse::Comment>(&token)) {
        const auto deadline = connection_.next_deadline();
        tell([&] { return connection_.on_comment(attempt_, comment->text); },
             connection_.state() == ConnectionState::open);
        check(connection_.next_deadline() >=
                  std::min(deadline, std::optional{after(now_, silence_min)}),
              "a heartbeat gives a stream some seconds, or what the options say");
      }
    }
    resume_from(parser_.last_event_id());
  }

  void resume_from(std::string_view last_event_id) {
    if (tell([&] { return connection_.on_event_id(attempt_, last_event_id); },
             last_event_id.size() <= cursor_bytes_max)) {
      last_event_id_ = last_event_id;
    }
  }

  void message(const sse::Event& event) {
    resume_from(event.last_event_id);
    const auto envelope = decode_stream_message(event.data);
    const auto* message = std::get_if<StreamMessage>(&envelope);
    if (message == nullptr) {
      return;
    }
    if (message->type == StreamMessageType::reset) {
      registration_ = Registration{registration_id};
      has_strange_snapshot_ = false;
    } else if (message->type == StreamMessageType::update) {
      const auto decoded = decode_update(message->data);
      if (const auto* update = std::get_if<Update>(&decoded)) {
        fold([&] { return registration_.apply(*update); });
      }
    } else if (message->type == StreamMessageType::snapshot) {
      const auto decoded = decode_view(message->data);
      if (const auto* view = std::get_if<RegistrationView>(&decoded)) {
        fold([&] { return registration_.apply_snapshot(*view); });
        // A snapshot is taken for the truth, whatever it says.
        has_strange_snapshot_ = registration_.view().is_final && is_running();
      }
    }
    check_view();
  }

  template <typename Apply>
  void fold(const Apply& apply) {
    const RegistrationView before = registration_.view();
    const Applied applied = apply();
    check(applied == Applied::changed || applied == Applied::too_many_stages ||
              registration_.view() == before,
          "a view that changes is said to");
  }

  [[nodiscard]] bool is_running() const {
    const auto& stages = registration_.view().stages;
    return std::any_of(stages.begin(), stages.end(),
                       [](const StageView& stage) { return stage.status == StageStatus::started; });
  }

  void check_view() const {
    const RegistrationView& view = registration_.view();
    check(view.registration_id == registration_id, "a view stays with its registration");
    check(view.stages.size() <= RegistrationLimits{}.stages_max, "stages have a limit");
    check(has_strange_snapshot_ || !view.is_final || !is_running(), "nothing runs in a final view");
  }

  void update(std::string_view line) {
    const auto next = [&line] {
      const char letter = line.empty() ? ' ' : line.front();
      line.remove_prefix(line.empty() ? 0 : 1);
      return letter;
    };
    Update update{.registration_id = registration_id,
                  .status = {},
                  .stage = std::string(1, next()),
                  .stage_status = {},
                  .message = "a message",
                  .details = {},
                  .process_log = {},
                  .timestamp_ms = 0};
    switch (next()) {
      case 's':
        update.stage_status = StageStatus::started;
        break;
      case 'f':
        update.stage_status = StageStatus::failed;
        break;
      case 'k':
        update.stage_status = StageStatus::skipped;
        break;
      case '-':
        update.stage.clear();
        break;
      default:
        update.stage_status = StageStatus::completed;
    }
    const char status = next();
    for (const Status known : {Status::pending, Status::approved, Status::duplicate, Status::failed,
                               Status::completed}) {
      if (to_string(known).front() + ('a' - 'A') == status) {
        update.status = to_string(known);
      }
    }
    if (update.status.empty()) {
      update.status = "ON_HOLD";
    }
    update.timestamp_ms =
        std::clamp(take_number(line).value_or(0), std::int64_t{0}, registration_id_max);
    std::string event;
    const std::string data = encode_update_envelope(encode_update(update));
    check(!sse::append_event(event, {.data = data}), "an update can be sent");
    bytes(event);
  }

  /// Carries out what the machine asks for, and looks at where it then stands.
  void settle(ConnectionState before) {
    if (!is_polling_) {
      return;
    }
    const ConnectionState shown_before = shown_;
    std::size_t actions = 0;
    while (const auto action = connection_.poll_action()) {
      check(++actions <= unpolled_actions_max, "what nobody polls does not pile up");
      check(shown_before != ConnectionState::closed, "nothing comes after closed");
      std::visit([this](const auto& step) { carry_out(step); }, *action);
    }
    const ConnectionState state = connection_.state();
    check(shown_ == state, "every change of state is told");
    check(transport_.has_value() == has_transport(state), "a transport is there where it belongs");
    check(before != ConnectionState::closed || state == ConnectionState::closed,
          "closed is for good");
    check_deadline(actions > 0);
  }

  void carry_out(const RequestToken& step) {
    check(!transport_, "a token is asked for before a transport is opened");
    check(options_.connection.needs_token, "a token is asked for only where one is needed");
    check(step.attempt > newest_attempt_, "the numbers of attempts grow");
    newest_attempt_ = step.attempt;
  }
  void carry_out(const OpenTransport& step) {
    check(!transport_, "one transport at a time");
    check(step.attempt > newest_attempt_ ||
              (options_.connection.needs_token && step.attempt == newest_attempt_),
          "the numbers of attempts grow");
    check(step.last_event_id == last_event_id_, "an attempt resumes from the last event ID");
    transport_ = newest_attempt_ = step.attempt;
  }
  void carry_out(const CloseTransport& step) {
    check(transport_ == step.attempt, "what is closed was open");
    transport_.reset();
  }
  void carry_out(const StateChanged& step) {
    check(step.from == shown_, "a change of state begins where the last one ended");
    check(!options_.polls_always || is_in_table(step, options_.connection.needs_token),
          "a change of state is one of the table");
    shown_ = step.to;
  }

  void check_deadline(bool has_moved) {
    const auto deadline = connection_.next_deadline();
    const ConnectionState state = connection_.state();
    check(deadline.has_value() == (has_transport(state) || state == ConnectionState::waiting ||
                                   state == ConnectionState::authorizing),
          "whoever waits has a deadline, and nobody else");
    if (!deadline || !options_.polls_always) {
      return;
    }
    const ConnectionOptions& options = options_.connection;
    const ConnectionReason reason = connection_.reason();
    if (state == ConnectionState::connecting && has_moved) {
      check(*deadline <= after(now_, options.connect_timeout), "connecting ends in time");
    } else if (state == ConnectionState::waiting && has_moved &&
               reason != ConnectionReason::offline) {
      const Duration probe = is_offline_ ? options.offline_probe_interval : Duration::zero();
      const Duration most = std::max(options.backoff.cap, Duration::zero());
      check(*deadline <= after(after(now_, std::max(floor_, probe)), most),
            "no wait is above floor and cap");
      check(*deadline >= after(now_, floor_) || reason == ConnectionReason::restored,
            "no wait is below the floor");
    }
  }

  Options options_;
  Connection connection_;
  Registration registration_{registration_id};
  sse::Parser parser_;
  Instant now_{};
  std::optional<AttemptId> transport_;             ///< The one that is open.
  AttemptId newest_attempt_{};                     ///< The newest that was opened.
  AttemptId attempt_{};                            ///< Whose report the current line is.
  ConnectionState shown_ = ConnectionState::idle;  ///< As far as polled actions have told.
  Duration reconnection_time_;
  Duration floor_{};  ///< Of a wait that begins in this line.
  std::string last_event_id_;
  bool is_polling_ = true;
  bool is_offline_ = false;            ///< Signalled once, and perhaps not true any more.
  bool has_strange_snapshot_ = false;  ///< The view was sent as final, with a stage that runs.
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
