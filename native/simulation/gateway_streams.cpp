#include "simulation/gateway_streams.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace regstream::simulation {
namespace {

/// At a shutdown, as in gateway::Gateway.
constexpr std::uint64_t return_spread_ms_max = 10'000;

/// No message of the simulation is longer, however it is wrapped; a snapshot has every stage.
constexpr std::size_t frame_bytes_max = 4'096;

bool is_of_type(const hub::Frame& frame, std::string_view type) {
  return frame.bytes().find(R"({"type":")" + std::string{type} + '"') != std::string::npos;
}

}  // namespace

GatewayStreams::GatewayStreams(World& world, const FaultPlan& plan, std::optional<Canary> canary,
                               const std::string& name, const ProcessClock& clock,
                               std::function<void()> catch_up)
    : world_(world),
      plan_(plan),
      canary_(canary),
      name_(name),
      clock_(clock),
      catch_up_(std::move(catch_up)) {}

void GatewayStreams::start() {
  ++incarnation_;
  is_draining_ = false;
  flush_is_scheduled_ = false;
  armed_.reset();
  hub::HubOptions options;
  if (canary_ != Canary::endless_outbox) {
    options.outbox_bytes_max = plan_.outbox_bytes_max;
  }
  if (canary_ != Canary::endless_journal) {
    options.journal.count_max = plan_.journal_count_max;
    options.journal.bytes_max = plan_.journal_bytes_max;
  }
  if (canary_ != Canary::endless_knowledge) {
    options.known_registrations.count_max = plan_.known_registrations_max;
  }
  hub_.emplace(options);
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
  hub_.reset();
}

void GatewayStreams::drain() {
  if (!is_running()) {
    return;
  }
  world_.note(name_ + ": drains");
  is_draining_ = true;
  const std::uint64_t spread_ms = std::min<std::uint64_t>(
      std::max<std::size_t>(hub_->subscriptions(), 1) - 1, return_spread_ms_max);
  for (const StreamPtr& stream : streams_) {
    if (stream) {
      hub_->send_retry(
          stream->subscription,
          hub::HubOptions{}.retry + Duration(world_.between(std::uint64_t{0}, spread_ms)));
      hub_->end(stream->subscription);
    }
  }
  flush();
}

void GatewayStreams::on_history(EventId position) {
  world_.note(name_ + ": a history begins after " + to_string(position));
  const EventId before = hub_->journal().position();
  if (before != EventId{}) {
    world_.count(before.epoch == position.epoch ? Sight::trimmed_while_away : Sight::epoch_changed);
  }
  hub_->begin_history(position);
}

void GatewayStreams::on_message(EventId id, std::string_view message) {
  world_.note(name_ + ": tells " + to_string(id));
  const bool knows_enough = hub_->known_registrations().size() == plan_.known_registrations_max;
  const auto update = decode_update_slices(message);
  const auto* const slices = std::get_if<UpdateSlices>(&update);
  if (knows_enough && slices != nullptr &&
      hub_->known_registrations().find(slices->registration_id) == nullptr) {
    world_.count(Sight::registration_forgotten);
    const hub::Journal& journal = hub_->journal();
    if (journal.first_after(journal.resumable_from().sequence, slices->registration_id) != 0) {
      world_.count(Sight::registration_recalled);
    }
  }
  hub_->publish(id, message, clock_.now());
  schedule_flush();
}

void GatewayStreams::on_live() {
  world_.note(name_ + ": goes live");
  hub_->go_live(clock_.timestamp_ms());
  schedule_flush();
}

void GatewayStreams::on_caught_up() {
  world_.note(name_ + ": has caught up");
  hub_->caught_up(clock_.timestamp_ms());
  schedule_flush();
}

bool GatewayStreams::accept(const StreamPtr& stream) {
  if (!is_running()) {
    return false;
  }
  if (is_draining_) {
    ResponseHead refusal;
    refusal.status = 503;
    refusal.retry_after = Duration{1'000};
    world_.count(Sight::attempt_refused);
    stream->respond(refusal);
    stream->finish();
    return true;
  }
  const auto id = hub_->subscribe(stream->registration_id(), stream->cursor(), clock_.now(),
                                  clock_.timestamp_ms());
  stream->subscription = id;
  streams_.resize(std::max<std::size_t>(streams_.size(), id.slot + 1));
  streams_[id.slot] = stream;
  ResponseHead head;
  head.status = 200;
  head.is_event_stream = true;
  stream->respond(head);
  schedule_flush();
  return true;
}

void GatewayStreams::schedule_flush() {
  if (!std::exchange(flush_is_scheduled_, true)) {
    world_.after(Duration{0}, [this, incarnation = incarnation_] {
      if (incarnation == incarnation_) {
        flush_is_scheduled_ = false;
        flush();
      }
    });
  }
}

void GatewayStreams::flush() {
  while (const auto ready = hub_->poll()) {
    write(*streams_[ready->slot]);
  }
  if (hub_->poll_catch_up(clock_.now())) {
    if (canary_ == Canary::no_waiting) {
      world_.note(name_ + ": the canary does not wait for the history");
      hub_->caught_up(clock_.timestamp_ms());
      schedule_flush();
    } else {
      catch_up_();
    }
  }
  arm();
  check_limits();
}

void GatewayStreams::write(Stream& stream) {
  if (stream.waits_for_room()) {
    return;
  }
  for (;;) {
    hub::Outbox& outbox = *hub_->collect(stream.subscription, clock_.timestamp_ms());
    if (outbox.bytes_waiting() > plan_.outbox_bytes_max + 3 * frame_bytes_max) {
      throw Violation(name_ + ": an outbox holds " + std::to_string(outbox.bytes_waiting()) +
                      " bytes");
    }
    if (outbox.empty()) {
      if (outbox.is_finished()) {
        stream.finish();
        end_stream(stream);
      }
      return;
    }
    while (!outbox.empty()) {
      const hub::FramePtr frame = outbox.frames().front();
      std::string_view bytes = frame->bytes().substr(outbox.sent_of_first());
      if (canary_ && is_canary_due_ && outbox.sent_of_first() == 0 && world_.chance(30)) {
        const bool is_update = is_of_type(*frame, "update");
        const bool is_followed =
            outbox.frames().size() > 1 && is_of_type(*outbox.frames()[1], "update");
        if ((canary_ == Canary::drop_one && is_update) ||
            (canary_ == Canary::drop_reset && is_of_type(*frame, "reset"))) {
          world_.note(name_ + ": the canary drops a frame");
          is_canary_due_ = false;
          outbox.consume(bytes.size());
          continue;
        }
        if ((canary_ == Canary::duplicate && is_update) ||
            (canary_ == Canary::reorder && is_update && is_followed)) {
          world_.note(name_ + ": the canary sends a frame before its time");
          is_canary_due_ = false;
          const hub::FramePtr early = canary_ == Canary::duplicate ? frame : outbox.frames()[1];
          if (stream.write(early->bytes()) < early->bytes().size()) {
            return;
          }
        }
      }
      const std::size_t taken = stream.write(bytes);
      outbox.consume(taken);
      if (taken < bytes.size()) {
        return;
      }
    }
  }
}

void GatewayStreams::end_stream(Stream& stream) {
  const auto id = stream.subscription;
  hub_->unsubscribe(id);
  streams_[id.slot].reset();
}

void GatewayStreams::on_writable(Stream& stream) {
  write(stream);
}

void GatewayStreams::on_peer_closed(Stream& stream) {
  if (canary_ == Canary::keep_stream && std::exchange(is_canary_due_, false)) {
    world_.note(name_ + ": the canary keeps a subscription");
    return;
  }
  end_stream(stream);
}

void GatewayStreams::arm() {
  const auto deadline = hub_->next_deadline();
  if (!deadline || (armed_ && *armed_ <= *deadline)) {
    return;  // It looks again when it goes off.
  }
  armed_ = deadline;
  world_.after(clock_.until(*deadline), [this, incarnation = incarnation_, timer = ++timer_] {
    if (incarnation != incarnation_ || timer != timer_) {
      return;
    }
    armed_.reset();
    hub_->handle_deadline(clock_.now(), clock_.timestamp_ms());
    flush();
  });
}

void GatewayStreams::count() const {
  const hub::HubCounters& counters = hub_->counters();
  world_.count(Sight::stream_resumed, counters.resumed);
  world_.count(Sight::stream_reset, counters.resets.total());
  world_.count(Sight::snapshot_told, counters.snapshots);
  world_.count(Sight::reader_overrun, counters.overruns);
  world_.count(Sight::malformed_passed, counters.malformed.total());
}

void GatewayStreams::check_limits() const {
  const auto check = [this](std::size_t held, std::size_t most, const char* what) {
    if (held > most) {
      throw Violation(name_ + ": it holds " + std::to_string(held) + ' ' + what);
    }
  };
  const hub::Journal& journal = hub_->journal();
  check(journal.size(), plan_.journal_count_max, "messages in its journal");
  if (journal.size() > 1) {
    check(journal.bytes(), plan_.journal_bytes_max, "bytes in its journal");
  }
  const hub::KnownRegistrations& known = hub_->known_registrations();
  check(known.size(), plan_.known_registrations_max, "registrations");
  check(known.bytes(), known.size() * frame_bytes_max, "bytes of registrations");
  if (hub_->counters().gaps > 0 || hub_->counters().duplicates > 0) {
    throw Violation(name_ + ": the follower told a history that is not contiguous");
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
