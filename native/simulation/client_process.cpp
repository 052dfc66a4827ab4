#include "simulation/client_process.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace regstream::simulation {
namespace {

/// The client's default, and the least that the gateway ever asks for.
constexpr Duration spacing_min{1'000};
/// The longest wait: a draining gateway's spread above its `retry`, and the backoff's cap above.
constexpr Duration wait_max{21'000};
constexpr Duration offline_wait_max{60'000};

/// Attempts of a minute that nobody has woken. Full jitter may draw short waits several times over,
/// but not for long.
constexpr std::size_t attempts_per_minute_max = 20;
constexpr Duration minute{60'000};

std::optional<std::int64_t> choose_registration(World& world, const FaultPlan& plan) {
  if (world.chance(200)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(world.between(std::uint64_t{1}, plan.registrations));
}

}  // namespace

ClientProcess::ClientProcess(World& world, const Truth& truth, const FaultPlan& plan,
                             std::optional<Canary> canary, std::size_t index,
                             ChooseGateway choose_gateway)
    : world_(world),
      plan_(plan),
      canary_(canary),
      name_("client " + std::to_string(index)),
      choose_gateway_(std::move(choose_gateway)),
      is_browser_(world.chance(500)),
      is_slow_(world.chance(plan.slow_reader_per_mille)),
      registration_id_(choose_registration(world, plan)),
      clock_(world, choose_drift(world, plan.drift_per_million_max)),
      judge_(truth, name_, registration_id_, plan.journal_count_min(),
             plan.forgets_registrations()) {}

void ClientProcess::start() {
  ConnectionOptions options;
  if (canary_ == Canary::hasty_attempt) {
    options.reconnection_time_max = Duration{1};
  }
  if (canary_ == Canary::hasty_attempt || canary_ == Canary::no_backoff) {
    options.backoff = {.base = Duration{1}, .cap = Duration{1}};
  }
  connection_.emplace(options, world_.seed(), cursor_);
  parser_.emplace(sse::ParserLimits{.line_bytes_max = plan_.line_bytes_max}, cursor_);
  if (registration_id_ && !view_is_known_) {
    registration_.emplace(*registration_id_);
  }
  attempts_.clear();
  was_offline_ = false;
  connection_->connect(clock_.now());
  carry_out();
}

void ClientProcess::restart(bool stored) {
  // Only a view can say that something was missed: without one, nothing is stored.
  stored = stored && (view_is_known_ || !registration_ || !judge_.has_skipped());
  world_.note(name_ + (stored ? ": starts again with what it stored" : ": starts anew"));
  if (stream_) {
    std::exchange(stream_, nullptr)->close();
  }
  armed_.reset();
  ++timer_;
  cursor_ = parser_->last_event_id();
  if (!stored) {
    cursor_.clear();
    view_is_known_ = false;
    judge_.forget();
  } else if (view_is_known_) {
    auto view = decode_view(encode_view(registration_->view()));
    registration_.emplace(*registration_id_);
    registration_->apply_snapshot(std::get<RegistrationView>(std::move(view)));
    world_.count(Sight::view_restored);
  }
  start();
}

void ClientProcess::sleep(Duration span) {
  world_.note(name_ + ": sleeps " + std::to_string(span.count()) + " ms");
  if (stream_) {
    stream_->stall(span);
  }
  // Some monotonic clocks go on while a machine sleeps; its timers do not.
  if (armed_) {
    const auto timer = ++timer_;
    world_.after(span, [this, timer] {
      if (timer == timer_) {
        on_timer();
      }
    });
  }
}

void ClientProcess::signal() {
  const auto kind = world_.index(4);
  last_signal_ = clock_.now();
  world_.note(name_ + ": gets signal " + std::to_string(kind));
  if (kind == 0) {
    connection_->on_offline(clock_.now());
    was_offline_ = true;
  } else if (kind == 1) {
    connection_->on_online(clock_.now());
  } else if (kind == 2) {
    connection_->on_visible(clock_.now());
  } else {
    clock_.leap(world_.between(Duration{0}, Duration{90'000}));
    connection_->on_restored(clock_.now());
  }
  carry_out();
}

void ClientProcess::signal_online() {
  connection_->on_online(clock_.now());
  carry_out();
}

void ClientProcess::on_response(AttemptId attempt, const ResponseHead& head) {
  if (connection_->on_response(attempt, head, clock_.now()) &&
      connection_->state() == ConnectionState::open) {
    parser_->begin_connection();
  }
  carry_out();
}

void ClientProcess::on_bytes(AttemptId attempt, std::string_view bytes) {
  if (!connection_->on_activity(attempt, clock_.now())) {
    throw Violation(name_ + ": bytes of a stream that was closed came in");
  }
  parser_->feed(bytes);
  for (;;) {
    const sse::Token token = parser_->next();
    if (const auto* const event = std::get_if<sse::Event>(&token)) {
      if (!is_browser_) {
        connection_->on_event_id(attempt, event->last_event_id);
      }
      take(*event);
    } else if (const auto* const retry = std::get_if<sse::Retry>(&token)) {
      connection_->on_retry(attempt, retry->delay);
    } else if (const auto* const comment = std::get_if<sse::Comment>(&token)) {
      if (!is_browser_) {  // EventSource shows no comments.
        connection_->on_comment(attempt, comment->text);
      }
    } else if (const auto* const skipped = std::get_if<sse::Skipped>(&token)) {
      take(*skipped);
    } else if (std::holds_alternative<sse::NeedInput>(token)) {
      break;
    }
  }
  const auto last_event_id = parser_->last_event_id();
  if (!is_browser_ || last_event_id != cursor_) {
    cursor_ = last_event_id;
    connection_->on_event_id(attempt, last_event_id);
  }
  carry_out();
}

void ClientProcess::on_end(AttemptId attempt, TransportEnd end) {
  connection_->on_end(attempt, end, clock_.now());
  carry_out();
}

void ClientProcess::take(const sse::Skipped& skipped) {
  world_.note(name_ + ": skips an event at " + std::string{skipped.last_event_id});
  world_.count(Sight::event_skipped);
  if (canary_ == Canary::silent_skip) {
    world_.note(name_ + ": the canary does not tell");
    return;
  }
  judge_.on_skipped(skipped.last_event_id);
  if (registration_) {
    registration_->mark_gap(Gap::missed_message);
  }
}

void ClientProcess::take(const sse::Event& event) {
  const auto decoded = decode_stream_message(event.data);
  if (const auto* const error = std::get_if<DecodeError>(&decoded)) {
    throw Violation(name_ + ": an event can't be read: " + error->what);
  }
  const auto& message = std::get<StreamMessage>(decoded);
  world_.note(name_ + ": hears message " + std::to_string(static_cast<int>(message.type)) + " at " +
              std::string{event.last_event_id});
  judge_.on_message(message, event.data, event.last_event_id);
  if (!registration_) {
    return;
  }
  if (message.type == StreamMessageType::reset) {
    registration_.emplace(*registration_id_);
    view_is_known_ = false;
    return;
  }
  if (message.type == StreamMessageType::update) {
    registration_->apply(to_update(message.update));
    if (canary_ == Canary::wrong_view && is_canary_due_ && world_.chance(30)) {
      world_.note(name_ + ": the canary leaves an update out");
      is_canary_due_ = false;
      registration_.emplace(*registration_id_);
      registration_->apply(to_update(message.update));
    }
  } else if (message.type == StreamMessageType::snapshot) {
    auto view = decode_view(message.data);
    registration_->apply_snapshot(std::get<RegistrationView>(std::move(view)));
  } else {
    return;
  }
  if (canary_ == Canary::old_view && view_is_known_) {
    if (!old_view_) {
      old_view_ = registration_->view();
    } else if (world_.chance(30)) {
      world_.note(name_ + ": the canary shows an old view");
      judge_.on_view(*old_view_);
    }
  }
  view_is_known_ = true;
  judge_.on_view(registration_->view());
}

void ClientProcess::carry_out() {
  while (const auto action = connection_->poll_action()) {
    std::visit([this](const auto& step) { carry_out(step); }, *action);
  }
  arm();
}

void ClientProcess::carry_out(const RequestToken& step) {
  connection_->on_token(step.attempt, clock_.now());
}

void ClientProcess::carry_out(const OpenTransport& step) {
  check_spacing();
  judge_.on_attempt(step.last_event_id);
  stream_ = std::make_shared<Stream>(world_, plan_, *this, step.attempt, is_slow_, registration_id_,
                                     std::string(step.last_event_id));
  stream_->open(choose_gateway_());
}

void ClientProcess::carry_out(const CloseTransport& /*step*/) {
  if (stream_) {
    std::exchange(stream_, nullptr)->close();
  }
}

void ClientProcess::carry_out(const StateChanged& step) {
  world_.note(name_ + ": is " + std::string{to_string(step.to)} + ", " +
              std::string{to_string(step.reason)});
  count_reason(step.reason);
  if (step.to == ConnectionState::closed) {
    throw Violation(name_ + ": gives up for good");
  }
  if (step.to == ConnectionState::waiting) {
    const Duration wait = *connection_->next_deadline() - clock_.now();
    if (wait > (was_offline_ ? offline_wait_max : wait_max)) {
      throw Violation(name_ + ": waits " + std::to_string(wait.count()) + " ms");
    }
  }
}

void ClientProcess::count_reason(ConnectionReason reason) {
  if (reason == ConnectionReason::silent) {
    world_.count(Sight::silence_noticed);
  } else if (reason == ConnectionReason::timed_out) {
    world_.count(Sight::answer_timed_out);
  } else if (reason == ConnectionReason::woken) {
    world_.count(Sight::wait_cut_short);
  }
}

void ClientProcess::check_spacing() {
  const Instant now = clock_.now();
  if (!attempts_.empty() && now - attempts_.back() < spacing_min) {
    throw Violation(name_ + ": two attempts begin " +
                    std::to_string((now - attempts_.back()).count()) + " ms apart");
  }
  attempts_.push_back(now);
  while (now - attempts_.front() > minute) {
    attempts_.pop_front();
  }
  const bool was_woken = last_signal_ && now - *last_signal_ <= minute;
  if (!was_woken && attempts_.size() > attempts_per_minute_max) {
    throw Violation(name_ + ": " + std::to_string(attempts_.size()) + " attempts in a minute");
  }
}

void ClientProcess::arm() {
  const auto deadline = connection_->next_deadline();
  if (!deadline) {
    armed_.reset();
    ++timer_;
    return;
  }
  if (armed_ && *armed_ <= *deadline) {
    return;  // It looks again when it goes off.
  }
  armed_ = *deadline;
  Duration wait = clock_.until(*deadline);
  if (world_.chance(plan_.throttled_per_mille)) {
    wait += world_.between(Duration{0}, Duration{60'000});
    world_.count(Sight::timer_throttled);
  }
  if (canary_ == Canary::lose_timer && connection_->state() == ConnectionState::waiting &&
      world_.chance(200)) {
    world_.note(name_ + ": the canary loses a timer");
    return;
  }
  world_.after(wait, [this, timer = ++timer_] {
    if (timer == timer_) {
      on_timer();
    }
  });
}

void ClientProcess::on_timer() {
  armed_.reset();
  connection_->handle_deadline(clock_.now());
  carry_out();
}

void ClientProcess::check_end(bool is_settled) const {
  if (connection_->state() != ConnectionState::open) {
    throw Violation(name_ + ": is " + std::string{to_string(connection_->state())} +
                    ", though everything is well");
  }
  judge_.check_end(view_is_known_ ? std::optional{registration_->view()} : std::nullopt,
                   is_settled);
}

}  // namespace regstream::simulation
