#include "simulation/gateway_streams.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "hub/message_event.hpp"
#include "simulation/guest_workflow.hpp"

namespace regstream::simulation {
namespace {

/// Less than the time after which a draining gateway ends (`faults.cpp`).
constexpr Duration drain_time{3'000};

bool is_of_type(const hub::Frame& frame, std::string_view type) {
  return frame.bytes().find(R"({"type":")" + std::string{type} + '"') != std::string::npos;
}

}  // namespace

GatewayStreams::GatewayStreams(World& world, const Workflow& workflow, const FaultPlan& plan,
                               const Issuer& issuer, std::optional<Canary> canary,
                               std::size_t index, const std::string& name,
                               const ProcessClock& clock, std::function<void()> catch_up)
    : world_(world),
      workflow_(workflow),
      plan_(plan),
      issuer_(issuer),
      canary_(canary),
      index_(index),
      name_(name),
      clock_(clock),
      catch_up_(std::move(catch_up)) {}

void GatewayStreams::start() {
  ++incarnation_;
  hub::StreamPumpOptions options;
  options.seed = world_.seed();
  options.hub.workflow = &workflow_;
  options.turn_bytes_max = plan_.turn_bytes_max;
  options.unflushed_bytes_max = plan_.unflushed_bytes_max;
  if (canary_ != Canary::endless_outbox) {
    options.hub.outbox_bytes_max = plan_.outbox_bytes_max;
  }
  if (canary_ != Canary::endless_journal) {
    options.hub.journal.count_max = plan_.journal_count_max;
    options.hub.journal.bytes_max = plan_.journal_bytes_max;
  }
  if (canary_ != Canary::endless_knowledge) {
    options.hub.known_registrations.count_max = plan_.known_registrations_max;
  }
  pump_.emplace(options);
}

void GatewayStreams::crash(bool tells) {
  ++incarnation_;
  count();
  for (const StreamPtr& stream : streams_) {
    if (stream) {
      stream->abandon(tells);
    }
  }
  streams_.clear();
  pump_.reset();
}

void GatewayStreams::drain() {
  if (!is_running()) {
    return;
  }
  world_.note(name_ + ": drains");
  pump_->drain(drain_time, moment());
  perform_actions();
}

void GatewayStreams::withdraw(std::uint64_t key) {
  if (is_running() && canary_ != Canary::late_end) {
    pump_->withdraw(key, moment());
    perform_actions();
  }
}

void GatewayStreams::on_history(EventId position) {
  world_.note(name_ + ": a history begins after " + to_string(position));
  const EventId before = hub().journal().position();
  if (before != EventId{}) {
    world_.count(before.epoch == position.epoch ? Situation::trimmed_while_away
                                                : Situation::epoch_changed);
  }
  pump_->on_history(position);
  perform_actions();
}

void GatewayStreams::on_message(EventId id, std::string_view message) {
  world_.note(name_ + ": tells " + to_string(id));
  const bool knows_enough = hub().known_registrations().size() == plan_.known_registrations_max;
  const auto update = decode_update_slices(message, workflow_);
  const auto* const slices = std::get_if<UpdateSlices>(&update);
  // If ids are text, the hub has numbers of its own for them.
  if (knows_enough && slices != nullptr && workflow_.id_kind == IdKind::integer &&
      hub().known_registrations().find(slices->registration_id) == nullptr) {
    world_.count(Situation::registration_forgotten);
    const hub::Journal& journal = hub().journal();
    if (journal.first_after(journal.resumable_from().sequence, slices->registration_id) != 0) {
      world_.count(Situation::registration_recalled);
    }
  }
  static_cast<void>(pump_->on_message(id, message, moment()));
  perform_actions();
}

void GatewayStreams::on_live() {
  world_.note(name_ + ": goes live");
  pump_->on_live(moment());
  perform_actions();
}

void GatewayStreams::on_caught_up() {
  world_.note(name_ + ": has caught up");
  pump_->on_caught_up(moment());
  perform_actions();
}

bool GatewayStreams::accept(const StreamPtr& stream) {
  if (!is_running()) {
    return false;
  }
  const StreamRequest& asked = stream->request();
  hub::SubscriptionRequest request{.ids = instance_ids(workflow_, asked.ids),
                                   .cursor = asked.cursor,
                                   .snapshots = instance_ids(workflow_, asked.snapshots),
                                   .until_final = asked.until_final,
                                   .is_poll = asked.is_poll};
  if (issuer_.is_in_use() && !authorize(asked, request)) {
    refuse(stream, 401);
    return true;
  }
  // Its place is returned at once, because no gateway is full here.
  const auto admitted = pump_->admit(request);
  if (const auto* const refusal = std::get_if<hub::StreamRefusal>(&admitted)) {
    const bool is_ended = *refusal == hub::StreamRefusal::ended;
    if (!is_ended) {
      world_.count(Situation::attempt_refused);
    }
    refuse(stream, is_ended ? 204 : 503);
    return true;
  }
  const auto id = pump_->open(request, moment());
  stream->subscription = id;
  streams_.resize(std::max<std::size_t>(streams_.size(), id.slot + 1));
  streams_[id.slot] = stream;
  ResponseHead head;
  head.status = 200;
  head.is_event_stream = true;
  stream->respond(head);
  perform_actions();
  return true;
}

bool GatewayStreams::authorize(const StreamRequest& asked,
                               hub::SubscriptionRequest& request) const {
  const Token& token = issuer_.token(asked.token);
  const std::int64_t expires = Issuer::timestamp_ms(token.expires_at);
  const hub::Moment by_calendar{.now = clock_.now(),
                                .timestamp_ms = issuer_.gateway_timestamp_ms(index_)};
  if (issuer_.is_withdrawn(token) || expires + Issuer::leeway.count() <= by_calendar.timestamp_ms) {
    return false;
  }
  if (canary_ != Canary::late_end) {
    request.lease = hub::make_lease(expires, Issuer::leeway, token.key, by_calendar);
  }
  if (asked.ids.empty() && !token.rights.empty() && canary_ != Canary::hears_hidden) {
    world_.count(Situation::rights_limited);
    request.ids = instance_ids(workflow_, token.rights);
  }
  return true;
}

void GatewayStreams::refuse(const StreamPtr& stream, std::uint16_t status) {
  ResponseHead head;
  head.status = status;
  if (status == 503) {
    head.retry_after = hub::refusal_retry_after;
  }
  stream->respond(head);
  stream->finish();
}

void GatewayStreams::on_writable(Stream& stream) {
  pump_->on_writable(stream.subscription, moment(), *this);
  perform_actions();
}

void GatewayStreams::on_peer_closed(Stream& stream) {
  if (canary_ == Canary::keep_stream && std::exchange(is_canary_due_, false)) {
    world_.note(name_ + ": the canary keeps a subscription");
    return;
  }
  pump_->on_peer_closed(stream.subscription);
  streams_[stream.subscription.slot].reset();
  perform_actions();
}

void GatewayStreams::perform_actions() {
  while (const auto action = pump_->poll()) {
    std::visit([this](const auto& wanted) { perform(wanted); }, *action);
  }
  check_limits();
}

void GatewayStreams::perform(const hub::ScheduleFlush& /*action*/) {
  after(Duration{0}, [this] {
    pump_->on_flush_due();
    perform_actions();
  });
}

void GatewayStreams::perform(const hub::Flush& /*action*/) {
  pump_->flush(moment(), *this);
}

void GatewayStreams::perform(const hub::SetDeadline& action) {
  after(clock_.until(action.deadline), [this, timer = ++timer_] {
    if (timer == timer_) {
      pump_->on_deadline(moment());
      perform_actions();
    }
  });
}

void GatewayStreams::perform(const hub::CatchUp& /*action*/) {
  if (canary_ == Canary::no_waiting) {
    world_.note(name_ + ": the canary does not wait for the history");
    pump_->on_caught_up(moment());
  } else {
    catch_up_();
  }
}

void GatewayStreams::perform(const hub::Drained& /*action*/) {
  world_.note(name_ + ": has drained");
}

void GatewayStreams::after(Duration delay, std::function<void()> event) {
  world_.after(delay, [this, incarnation = incarnation_, event = std::move(event)] {
    if (incarnation == incarnation_) {
      event();
    }
  });
}

hub::Written GatewayStreams::write(hub::SubscriptionId id, hub::Outbox& outbox) {
  if (outbox.bytes_waiting() > plan_.outbox_bytes_max + 3 * frame_bytes_max) {
    throw Violation(name_ + ": an outbox holds " + std::to_string(outbox.bytes_waiting()) +
                    " bytes");
  }
  Stream& stream = *streams_[id.slot];
  if (stream.waits_for_room()) {
    return hub::Written::waiting;
  }
  while (!outbox.empty()) {
    if (canary_ && spoil(stream, outbox)) {
      continue;
    }
    const std::string_view bytes = outbox.frames().front()->bytes().substr(outbox.sent_of_first());
    const std::size_t taken = stream.write(bytes);
    outbox.consume(taken);
    if (taken < bytes.size()) {
      return hub::Written::waiting;
    }
  }
  return hub::Written::everything;
}

/// Lets a canary change the next frame. True: the outbox has changed.
bool GatewayStreams::spoil(Stream& stream, hub::Outbox& outbox) {
  if (!is_canary_due_ || outbox.sent_of_first() != 0) {
    return false;
  }
  if (canary_ == Canary::no_end || canary_ == Canary::early_end) {
    return stream.request().until_final && spoil_end(stream, outbox);
  }
  if (!world_.chance(30)) {
    return false;
  }
  const hub::FramePtr frame = outbox.frames().front();
  const bool is_update = is_of_type(*frame, "update");
  const bool is_followed = outbox.frames().size() > 1 && is_of_type(*outbox.frames()[1], "update");
  if ((canary_ == Canary::drop_one && is_update) ||
      (canary_ == Canary::drop_reset && is_of_type(*frame, "reset"))) {
    world_.note(name_ + ": the canary drops a frame");
    is_canary_due_ = false;
    outbox.consume(frame->bytes().size());
    return true;
  }
  if ((canary_ == Canary::duplicate && is_update) ||
      (canary_ == Canary::reorder && is_update && is_followed)) {
    world_.note(name_ + ": the canary sends a frame before its time");
    is_canary_due_ = false;
    const hub::FramePtr early = canary_ == Canary::duplicate ? frame : outbox.frames()[1];
    stream.write(early->bytes());
  }
  return false;
}

/// The same for streams with `until=final`.
bool GatewayStreams::spoil_end(Stream& stream, hub::Outbox& outbox) {
  const hub::FramePtr frame = outbox.frames().front();
  if (canary_ == Canary::no_end && is_of_type(*frame, "end")) {
    world_.note(name_ + ": the canary drops an end");
    is_canary_due_ = false;
    outbox.consume(frame->bytes().size());
    return true;
  }
  if (canary_ == Canary::early_end && is_of_type(*frame, "update")) {
    world_.note(name_ + ": the canary ends a stream early");
    is_canary_due_ = false;
    std::string bytes;
    hub::append_end(bytes, hub().journal().position(), clock_.timestamp_ms());
    stream.write(bytes);
  }
  return false;
}

void GatewayStreams::write_later(hub::SubscriptionId id) {
  world_.count(Situation::turn_used_up);
  streams_[id.slot]->write_later();
}

void GatewayStreams::close(hub::SubscriptionId id, hub::StreamEnd /*end*/, std::string_view error) {
  if (!error.empty()) {
    throw Violation(std::string{error});
  }
  std::exchange(streams_[id.slot], nullptr)->finish();
}

void GatewayStreams::count() const {
  const hub::HubCounters& counters = hub().counters();
  world_.count(Situation::stream_resumed, counters.resumed);
  world_.count(Situation::stream_reset, counters.resets.total());
  world_.count(Situation::snapshot_sent, counters.snapshots);
  world_.count(Situation::reader_overrun, counters.overruns);
  world_.count(Situation::malformed_passed, counters.malformed.total());
  world_.count(Situation::token_expired, counters.expired);
  world_.count(Situation::key_withdrawn, counters.withdrawn);
}

void GatewayStreams::check_limits() const {
  const auto check = [this](std::size_t held, std::size_t most, const char* what) {
    if (held > most) {
      throw Violation(name_ + ": it holds " + std::to_string(held) + ' ' + what);
    }
  };
  const hub::Journal& journal = hub().journal();
  check(journal.size(), plan_.journal_count_max, "messages in its journal");
  if (journal.size() > 1) {
    check(journal.bytes(), plan_.journal_bytes_max, "bytes in its journal");
  }
  const hub::KnownRegistrations& known = hub().known_registrations();
  check(known.size(), plan_.known_registrations_max, "registrations");
  check(known.bytes(), known.size() * frame_bytes_max, "bytes of registrations");
  if (hub().counters().gaps > 0 || hub().counters().duplicates > 0) {
    throw Violation(name_ + ": the follower delivered a history that is not contiguous");
  }
}

void GatewayStreams::stall(Duration span) {
  for (const StreamPtr& stream : streams_) {
    if (stream) {
      stream->stall(span);
    }
  }
}

}  // namespace regstream::simulation
