#include "simulation/client_process.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include <regstream/message/codec.hpp>

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
      has_event_source_(world.chance(500)),
      is_slow_(world.chance(plan.slow_reader_per_mille)),
      registration_id_(choose_registration(world, plan)),
      clock_(world, choose_drift(world, plan.drift_per_million_max)),
      judge_(truth, name_, registration_id_, plan.journal_count_min(),
             plan.forgets_registrations()) {}

void ClientProcess::start() {
  start(Stored{});
}

void ClientProcess::start(Stored stored) {
  ConnectionOptions options;
  if (canary_ == Canary::hasty_attempt) {
    options.reconnection_time_max = Duration{1};
  }
  if (canary_ == Canary::hasty_attempt || canary_ == Canary::no_backoff) {
    options.backoff = {.base = Duration{1}, .cap = Duration{1}};
  }
  std::vector<std::int64_t> registration_ids;
  if (registration_id_) {
    registration_ids.push_back(*registration_id_);
  }
  session_.emplace(options, world_.seed(), registration_ids, stored.last_event_id,
                   sse::ParserLimits{.line_bytes_max = plan_.line_bytes_max});
  if (stored.view) {
    if (!stored.view->status.empty()) {
      world_.count(Sight::view_restored);
    } else if (stored.view->has_gap) {
      world_.count(Sight::gap_restored);
    }
    check_accepted(session_->restore(std::move(*stored.view)));
    judge_.on_view(*view());
  }
  attempts_.clear();
  was_offline_ = false;
  check_accepted(session_->connect(clock_.now()));
  carry_out();
}

void ClientProcess::restart(bool stored) {
  world_.note(name_ + (stored ? ": starts again with what it stored" : ": starts anew"));
  if (stream_) {
    std::exchange(stream_, nullptr)->close();
  }
  armed_.reset();
  ++timer_;
  Stored left;
  if (!stored) {
    judge_.forget();
  } else {
    left.last_event_id = session_->last_event_id();
    if (view() != nullptr) {
      auto decoded = decode_view(encode_view(*view()));
      left.view = std::get<RegistrationView>(std::move(decoded));
    }
  }
  start(std::move(left));
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
    session_->on_offline(clock_.now());
    was_offline_ = true;
  } else if (kind == 1) {
    session_->on_online(clock_.now());
  } else if (kind == 2) {
    session_->on_visible(clock_.now());
  } else {
    clock_.leap(world_.between(Duration{0}, Duration{90'000}));
    session_->on_restored(clock_.now());
  }
  carry_out();
}

void ClientProcess::signal_online() {
  session_->on_online(clock_.now());
  carry_out();
}

void ClientProcess::on_response(AttemptId attempt, const ResponseHead& head) {
  check_accepted(session_->on_response(attempt, head, clock_.now()));
  carry_out();
}

void ClientProcess::on_bytes(AttemptId attempt, std::string_view bytes) {
  if (event_source_) {
    event_source_->feed(bytes);
    while (const auto event = event_source_->next()) {
      check_accepted(session_->on_event(attempt, event->data, event->last_event_id, clock_.now()));
      hear();
    }
  } else {
    check_accepted(session_->on_bytes(attempt, bytes, clock_.now()));
    hear();
  }
  carry_out();
}

void ClientProcess::on_end(AttemptId attempt, TransportEnd end) {
  check_accepted(session_->on_end(attempt, end, clock_.now()));
  carry_out();
}

void ClientProcess::check_accepted(bool is_accepted) const {
  if (!is_accepted) {
    throw Violation(name_ + ": its session refuses what the current transport reports");
  }
}

void ClientProcess::hear() {
  while (const auto message = session_->poll_message()) {
    hear(*message);
  }
}

void ClientProcess::hear(const SessionMessage& message) {
  if (message.kind == MessageKind::malformed) {
    throw Violation(name_ + ": an event can't be read: " + std::string{message.problem});
  }
  if (message.kind != MessageKind::too_large) {
    world_.note(name_ + ": hears message " + std::to_string(static_cast<int>(message.kind)) +
                " at " + std::string{message.last_event_id});
    judge_.on_message(*message.content, message.json, message.last_event_id);
  } else {
    world_.note(name_ + ": skips an event at " + std::string{message.last_event_id});
    world_.count(Sight::event_skipped);
    if (canary_ == Canary::silent_skip) {
      world_.note(name_ + ": the canary does not tell");
      return;
    }
    judge_.on_skipped(message.last_event_id);
  }
  if (view() != nullptr) {
    show(message);
  }
}

void ClientProcess::show(const SessionMessage& message) {
  if (old_view_ && canary_ == Canary::old_view && world_.chance(30)) {
    world_.note(name_ + ": the canary shows an old view");
    judge_.on_view(*old_view_);
  }
  if (old_view_ && canary_ == Canary::wrong_view && message.kind == MessageKind::update &&
      message.view_changed && world_.chance(30)) {
    world_.note(name_ + ": the canary leaves an update out");
    old_view_->id = view()->id;
    judge_.on_view(*old_view_);
  }
  if (!view()->status.empty() &&
      (canary_ == Canary::wrong_view || (canary_ == Canary::old_view && !old_view_))) {
    old_view_ = *view();
  }
  judge_.on_view(*view());
}

const RegistrationView* ClientProcess::view() const {
  return registration_id_ ? session_->view_to_restore(*registration_id_) : nullptr;
}

void ClientProcess::carry_out() {
  while (const auto action = session_->poll_action()) {
    std::visit([this](const auto& step) { carry_out(step); }, *action);
  }
  arm();
}

void ClientProcess::carry_out(const RequestToken& step) {
  session_->on_token(step.attempt, clock_.now());
}

void ClientProcess::carry_out(const OpenTransport& step) {
  check_spacing();
  judge_.on_attempt(step.last_event_id);
  event_source_.reset();
  if (has_event_source_) {
    event_source_.emplace();
  }
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
    const Duration wait = *session_->next_deadline() - clock_.now();
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
  const auto deadline = session_->next_deadline();
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
  if (canary_ == Canary::lose_timer && session_->state() == ConnectionState::waiting &&
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
  session_->handle_deadline(clock_.now());
  carry_out();
}

void ClientProcess::check_end(bool is_settled) const {
  if (session_->state() != ConnectionState::open) {
    throw Violation(name_ + ": is " + std::string{to_string(session_->state())} +
                    ", though everything is well");
  }
  judge_.check_end(view(), is_settled);
}

}  // namespace regstream::simulation
