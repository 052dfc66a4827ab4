#include "simulation/client_process.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>
#include <vector>

#include <regstream/message/codec.hpp>

#include "simulation/guest_workflow.hpp"

namespace regstream::simulation {
namespace {

std::vector<std::int64_t> choose_registration(World& world, const FaultPlan& plan) {
  if (world.chance(200)) {
    return {};
  }
  return {static_cast<std::int64_t>(world.between(std::uint64_t{1}, plan.registrations))};
}

}  // namespace

ClientProcess::ClientProcess(World& world, const Truth& truth, const FaultPlan& plan,
                             Issuer& issuer, std::optional<Canary> canary, std::size_t index,
                             std::optional<ClientChoices> choices, ChooseGateway choose_gateway)
    : world_(world),
      plan_(plan),
      truth_(truth),
      issuer_(issuer),
      canary_(canary),
      name_("client " + std::to_string(index)),
      choose_gateway_(std::move(choose_gateway)),
      has_event_source_(world.chance(500)),
      network_{
          .is_slow = world.chance(plan.slow_reader_per_mille),
          .holds_back = plan.held_back_per_mille > 0 && world.chance(plan.held_back_per_mille)},
      workflow_(truth.workflow()),
      choices_(std::move(choices)),
      ids_(choices_ ? choices_->ids() : choose_registration(world, plan)),
      rights_(issuer.is_in_use() && ids_.empty() ? issuer.choose_rights()
                                                 : std::vector<std::int64_t>{}),
      until_final_(choices_ && choices_->until_final()),
      clock_(world, choose_drift(world, plan.drift_per_million_max)),
      judge_({.truth = truth,
              .journal_count_min = plan.journal_count_min(),
              .forgets = plan.forgets_registrations()},
             name_),
      attempts_(name_) {}

void ClientProcess::start() {
  judge_.begin(ids_);
  start(Stored{});
  if (choices_ && choices_->changes_ids()) {
    plan_change();
  }
}

void ClientProcess::start(Stored stored) {
  if (stream_) {
    std::exchange(stream_, nullptr)->close();
  }
  carry_out(CloseProbe{});
  armed_.reset();
  ++timer_;
  ++sessions_;
  ConnectionOptions options;
  options.needs_token = issuer_.is_in_use();
  options.polls.are_possible = plan_.held_back_per_mille > 0;
  if (canary_ == Canary::hasty_attempt) {
    options.reconnection_time_max = Duration{1};
  }
  if (canary_ == Canary::hasty_attempt || canary_ == Canary::no_backoff) {
    options.backoff = {.base = Duration{1}, .cap = Duration{1}};
  }
  std::vector<std::int64_t> known_ids;
  std::set_difference(ids_.begin(), ids_.end(), stored.new_ids.begin(), stored.new_ids.end(),
                      std::back_inserter(known_ids));
  if (known_ids.empty() && !ids_.empty()) {
    // A cursor without knowledge of any id is of no use.
    known_ids = ids_;
    stored = Stored{};
    judge_.begin(ids_);
  }
  session_.emplace(options, world_.seed(), workflow_, instance_ids(workflow_, known_ids),
                   stored.last_event_id, sse::ParserLimits{.line_bytes_max = plan_.line_bytes_max},
                   until_final_ ? StreamEnd::final_status : StreamEnd::never);
  if (known_ids != ids_) {
    check_accepted(session_->follow(instance_ids(workflow_, ids_), clock_.now()));
  }
  for (RegistrationView& view : stored.views) {
    if (!view.status.empty()) {
      world_.count(Situation::view_restored);
    } else if (view.has_gap) {
      world_.count(Situation::gap_restored);
    }
    check_accepted(session_->restore(std::move(view)));
  }
  if (!stored.views.empty()) {
    for (const std::int64_t id : ids_) {
      judge_.on_view(view(id));
    }
  }
  attempts_.begin();
  named_before_.clear();
  ++return_;
  check_accepted(session_->connect(clock_.now()));
  carry_out();
}

void ClientProcess::restart(bool stored) {
  world_.note(name_ + (stored ? ": starts again with what it stored" : ": starts anew"));
  if (stored) {
    return start(store());
  }
  until_final_ = choices_ && choices_->until_final();
  judge_.begin(ids_);
  start(Stored{});
}

ClientProcess::Stored ClientProcess::store() const {
  Stored stored{
      .last_event_id = std::string{session_->last_event_id()}, .views = {}, .new_ids = {}};
  for (const std::int64_t id : ids_) {
    auto decoded = decode_view(encode_view(view(id), workflow_), workflow_);
    stored.views.push_back(std::get<RegistrationView>(std::move(decoded)));
  }
  for (std::size_t index = 0; index < session_->followed_count(); ++index) {
    if (session_->awaits_snapshot(index)) {
      stored.new_ids.push_back(number_in(workflow_, session_->followed_view(index)));
    }
  }
  std::sort(stored.new_ids.begin(), stored.new_ids.end());
  return stored;
}

void ClientProcess::sleep(Duration span) {
  world_.note(name_ + ": sleeps " + std::to_string(span.count()) + " ms");
  if (stream_) {
    stream_->stall(span);
  }
  // Some monotonic clocks continue while a machine sleeps; its timers don't.
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
  attempts_.on_signal(clock_.now());
  world_.note(name_ + ": gets signal " + std::to_string(kind));
  if (kind == 0) {
    session_->on_offline(clock_.now());
    attempts_.on_offline();
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
      deliver_messages();
    }
  } else {
    check_accepted(session_->on_bytes(attempt, bytes, clock_.now()));
    deliver_messages();
  }
  carry_out();
}

void ClientProcess::on_end(AttemptId attempt, TransportEnd end) {
  // A stream whose token ends brings only what it was given before.
  if (end == TransportEnd::ended && !issuer_.is_in_use()) {
    judge_.on_ended();
  }
  check_accepted(session_->on_end(attempt, end, clock_.now()));
  carry_out();
}

void ClientProcess::check_accepted(bool is_accepted) const {
  if (!is_accepted) {
    throw Violation(name_ + ": its session refuses what the current transport reports");
  }
}

void ClientProcess::deliver_messages() {
  while (const auto message = session_->poll_message()) {
    deliver(*message);
  }
}

void ClientProcess::deliver(const SessionMessage& message) {
  if (message.kind == MessageKind::malformed) {
    throw Violation(name_ + ": an event can't be read: " + std::string{message.problem});
  }
  if (message.kind != MessageKind::too_large) {
    world_.note(name_ + ": hears message " + std::to_string(static_cast<int>(message.kind)) +
                " at " + std::string{message.last_event_id});
    count(message);
    check_allowed(message);
    judge_.on_message(message);
  } else {
    world_.note(name_ + ": skips an event at " + std::string{message.last_event_id});
    world_.count(Situation::event_skipped);
    if (canary_ == Canary::silent_skip) {
      world_.note(name_ + ": the canary does not tell");
      return;
    }
    judge_.on_skipped(message.last_event_id);
  }
  show_views(message);
}

void ClientProcess::show_views(const SessionMessage& message) {
  if (view() != nullptr) {
    return show(message);
  }
  const bool may_change_them =
      message.kind == MessageKind::update || message.kind == MessageKind::snapshot ||
      message.kind == MessageKind::reset || message.kind == MessageKind::too_large;
  if (may_change_them) {
    for (const std::int64_t id : ids_) {
      judge_.on_view(view(id));
    }
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
  return ids_.size() == 1 ? &view(ids_.front()) : nullptr;
}

const RegistrationView& ClientProcess::view(std::int64_t id) const {
  const RegistrationView* const found = session_->view_to_restore(instance_id(workflow_, id));
  if (found == nullptr) {
    throw Violation(name_ + ": its session does not know that it follows " + std::to_string(id));
  }
  return *found;
}

void ClientProcess::carry_out() {
  while (const auto action = session_->poll_action()) {
    std::visit([this](const auto& step) { carry_out(step); }, *action);
  }
  arm();
}

void ClientProcess::carry_out(const OpenTransport& step) {
  attempts_.on_attempt(cause_, step.kind, clock_.now());
  kind_ = step.kind;
  StreamRequest request =
      read_stream_request(session_->request_query(step.kind), step.last_event_id, workflow_);
  request.token = token_ ? token_->number : 0;
  judge_.on_attempt(request, rights_);
  count_request(request);
  event_source_.reset();
  if (has_event_source_ && step.kind == TransportKind::preferred) {
    event_source_.emplace();
  }
  stream_ =
      std::make_shared<Stream>(world_, plan_, *this, step.attempt, network_, std::move(request));
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
  if (step.reason != ConnectionReason::token_given) {
    cause_ = step.reason;
  }
  count_reason(step.reason);
  // A wait that a signal ended at once doesn't count: the deadline belongs to another state
  // already.
  const auto deadline =
      session_->state() == step.to ? session_->next_deadline() : std::optional<Instant>{};
  attempts_.on_state(step, deadline ? *deadline - clock_.now() : Duration{});
  if (step.to == ConnectionState::closed) {
    if (!judge_.may_stop(step.reason)) {
      throw Violation(name_ + ": gives up for good");
    }
    plan_return(step.reason);
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
    return;  // The timer looks again when it is due.
  }
  armed_ = *deadline;
  Duration wait = clock_.until(*deadline);
  if (world_.chance(plan_.throttled_per_mille)) {
    wait += world_.between(Duration{0}, Duration{60'000});
    world_.count(Situation::timer_throttled);
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
  if (is_over()) {
    return;
  }
  // Successive polls are one connection, and so is a stream that is tried in between. A client also
  // polls when one gateway was silent for long and another was not.
  const bool may_poll = plan_.held_back_per_mille > 0;
  if (may_poll ? !session_->is_connected() : session_->state() != ConnectionState::open) {
    throw Violation(name_ + ": is " + std::string{to_string(session_->state())} +
                    ", though everything is well");
  }
  judge_.check_end(may_poll);
  for (const std::int64_t id : ids_) {
    judge_.check_end(view(id), is_settled);
  }
}

}  // namespace regstream::simulation
