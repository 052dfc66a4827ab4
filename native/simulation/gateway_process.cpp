#include "simulation/gateway_process.hpp"

#include <algorithm>
#include <array>
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

GatewayProcess::GatewayProcess(World& world, SimulatedRedis& redis, const FaultPlan& plan,
                               std::optional<Canary> canary, std::size_t index)
    : world_(world),
      redis_(redis),
      plan_(plan),
      canary_(canary),
      name_("gateway " + std::to_string(index)),
      clock_(world, choose_drift(world, plan.drift_per_million_max)) {}

void GatewayProcess::start() {
  if (is_running()) {
    return;
  }
  world_.note(name_ + ": starts");
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
  broker::FollowerLimits limits;
  limits.claims_bytes_max = plan_.claims_bytes_max;
  if (canary_ != Canary::endless_adoption) {
    limits.adoption.waiting_max = plan_.bare_max;
    limits.adoption.bytes_max = plan_.bare_bytes_max;
  }
  limits.adoption.unheard_max = plan_.unheard_max;
  follower_.emplace(limits);
  reading_.emplace(broker::RedisTiming{}.backoff, incarnation_);
  adopting_.emplace(broker::RedisTiming{}.backoff, incarnation_ + 1);
  caller_ = std::make_unique<RedisLink>(world_, redis_, plan_.delay_max, world_.seed(),
                                        RedisLink::Handlers{.on_up =
                                                                [this] {
                                                                  follower_->on_callable();
                                                                  advance();
                                                                },
                                                            .on_down =
                                                                [this] {
                                                                  reading_->on_lost();
                                                                  adopting_->on_lost();
                                                                  follower_->on_not_callable();
                                                                  advance();
                                                                }});
  listener_ = std::make_unique<RedisLink>(
      world_, redis_, plan_.delay_max, world_.seed(),
      RedisLink::Handlers{.on_up =
                              [this] {
                                const auto position = std::make_shared<EventId>();
                                listener_->call<SimulatedRedis::Answer<EventId>>(
                                    [known = follower_->known()](SimulatedRedis& redis) {
                                      return redis.open(known);
                                    },
                                    [this, position](const SimulatedRedis::Answer<EventId>& end) {
                                      if (const auto* const id = std::get_if<EventId>(&end)) {
                                        *position = *id;
                                      } else {
                                        listener_->break_off();
                                      }
                                    });
                                listener_->subscribe(
                                    [this, position] {
                                      follower_->on_subscribed(*position);
                                      advance();
                                    },
                                    [this](const std::string& message) { hear(message); },
                                    plan_.held_max, [this] { cut_off_at_ = redis_.end(); });
                              },
                          .on_down =
                              [this] {
                                follower_->on_unsubscribed();
                                advance();
                              }});
  waiter_ = std::make_unique<RedisLink>(world_, redis_, plan_.delay_max, world_.seed(),
                                        RedisLink::Handlers{.on_up =
                                                                [this] {
                                                                  follower_->on_awaitable();
                                                                  advance();
                                                                },
                                                            .on_down =
                                                                [this] {
                                                                  follower_->on_not_awaitable();
                                                                  advance();
                                                                }});
  caller_->connect();
  listener_->connect();
  waiter_->connect();
}

void GatewayProcess::crash(bool tells) {
  if (!is_running()) {
    return;
  }
  world_.note(name_ + (tells ? ": crashes" : ": loses its power"));
  ++incarnation_;
  count_hub();
  for (const StreamPtr& stream : streams_) {
    if (stream) {
      stream->abandon(tells);
    }
  }
  streams_.clear();
  bare_heard_.clear();
  cut_off_at_.reset();
  caller_.reset();
  listener_.reset();
  waiter_.reset();
  follower_.reset();
  hub_.reset();
}

void GatewayProcess::drain() {
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

bool GatewayProcess::accept(const StreamPtr& stream) {
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

void GatewayProcess::hear(const std::string& message) {
  const bool is_bare = message.find(R"("id":)") == std::string::npos;
  if (is_bare) {
    world_.count(Sight::bare_heard);
  }
  if (!is_bare || canary_ != Canary::forget_bare) {
    follower_->on_message(message);
  }
  if (is_bare) {
    bare_heard_.push_back(message);
  }
  advance();
}

void GatewayProcess::advance() {
  const auto next = [this] {
    follower_->permit(reading_->may_call(clock_.now()), adopting_->may_call(clock_.now()));
    return follower_->poll();
  };
  while (auto action = next()) {
    std::visit([this](const auto& wanted) { act(wanted); }, *action);
  }
  listener_->pause(!follower_->may_hear(), [this] {
    follower_->on_channel_drained();
    advance();
  });
  check_limits();
}

void GatewayProcess::act(const broker::BeginHistory& begin) {
  world_.note(name_ + ": a history begins after " + to_string(begin.position));
  const EventId before = hub_->journal().position();
  if (before != EventId{}) {
    world_.count(before.epoch == begin.position.epoch ? Sight::trimmed_while_away
                                                      : Sight::epoch_changed);
  }
  hub_->begin_history(begin.position);
}

void GatewayProcess::act(const broker::TellMessage& told) {
  world_.note(name_ + ": tells " + to_string(told.id));
  const bool knows_enough = hub_->known_registrations().size() == plan_.known_registrations_max;
  const auto update = decode_update_slices(told.message);
  const auto* const slices = std::get_if<UpdateSlices>(&update);
  if (knows_enough && slices != nullptr &&
      hub_->known_registrations().find(slices->registration_id) == nullptr) {
    world_.count(Sight::registration_forgotten);
    const hub::Journal& journal = hub_->journal();
    if (journal.first_after(journal.resumable_from().sequence, slices->registration_id) != 0) {
      world_.count(Sight::registration_recalled);
    }
  }
  hub_->publish(told.id, told.message, clock_.now());
  schedule_flush();
}

void GatewayProcess::act(const broker::GoLive& /*live*/) {
  world_.note(name_ + ": goes live");
  hub_->go_live(clock_.timestamp_ms());
  schedule_flush();
}

void GatewayProcess::act(const broker::CaughtUp& /*caught_up*/) {
  world_.note(name_ + ": has caught up");
  hub_->caught_up(clock_.timestamp_ms());
  schedule_flush();
}

void GatewayProcess::act(const broker::ReadHistory& read) {
  reading_->on_called();
  caller_->call<SimulatedRedis::Answer<broker::HistoryPage>>(
      [known = follower_->known(), from = read.from](SimulatedRedis& redis) {
        return redis.read(known, from);
      },
      [this](SimulatedRedis::Answer<broker::HistoryPage> answer) {
        auto* const page = std::get_if<broker::HistoryPage>(&answer);
        if (page == nullptr) {
          follower_->on_read_refused();
          on_refused(*reading_);
          return;
        }
        if (!page->is_last) {
          world_.count(Sight::page_followed);
        }
        reading_->on_taken();
        follower_->on_page(std::move(*page));
        advance();
      });
}

void GatewayProcess::act(const broker::AwaitHistory& await) {
  waiter_->await(await.after, [this](const std::vector<broker::HistoryEntry>& entries) {
    follower_->on_awaited(entries);
    advance();
  });
}

void GatewayProcess::act(const broker::Adopt& adopt) {
  adopting_->on_called();
  caller_->call<SimulatedRedis::Answer<std::optional<EventId>>>(
      [known = follower_->known(), adopt](SimulatedRedis& redis) {
        return redis.adopt(known, adopt);
      },
      [this](const SimulatedRedis::Answer<std::optional<EventId>>& answer) {
        const auto* const end = std::get_if<std::optional<EventId>>(&answer);
        if (end == nullptr) {
          follower_->on_adoption_refused();
          on_refused(*adopting_);
          return;
        }
        adopting_->on_taken();
        follower_->on_adopted(*end);
        advance();
      });
}

void GatewayProcess::act(const broker::LeaveChannel& /*leave*/) {
  world_.note(name_ + ": gives up a channel that is too far behind");
  world_.count(Sight::channel_left);
  listener_->break_off();
}

void GatewayProcess::act(const broker::TellLoss& /*loss*/) {
  if (canary_ == Canary::silent_loss) {
    world_.note(name_ + ": the canary does not tell of a loss");
    follower_->on_loss_told(follower_->known());
    return;
  }
  adopting_->on_called();
  caller_->call<SimulatedRedis::Answer<EventId>>(
      [known = follower_->known()](SimulatedRedis& redis) { return redis.lose(known); },
      [this](const SimulatedRedis::Answer<EventId>& answer) {
        const auto* const end = std::get_if<EventId>(&answer);
        if (end == nullptr) {
          follower_->on_loss_refused();
          on_refused(*adopting_);
          return;
        }
        adopting_->on_taken();
        follower_->on_loss_told(*end);
        advance();
      });
}

/// As broker::ScriptLink does: after a pause it asks again, on the same connection.
void GatewayProcess::on_refused(broker::RefusalGate& gate) {
  gate.on_refused(clock_.now());
  // Empty: another answer is due, after which it may be asked.
  if (const auto deadline = gate.next_deadline()) {
    world_.after(clock_.until(*deadline), [this, incarnation = incarnation_] {
      if (incarnation == incarnation_ && is_running()) {
        advance();
      }
    });
  }
  advance();
}

void GatewayProcess::schedule_flush() {
  if (!std::exchange(flush_is_scheduled_, true)) {
    world_.after(Duration{0}, [this, incarnation = incarnation_] {
      if (incarnation == incarnation_) {
        flush_is_scheduled_ = false;
        flush();
      }
    });
  }
}

void GatewayProcess::flush() {
  while (const auto ready = hub_->poll()) {
    write(*streams_[ready->slot]);
  }
  if (hub_->poll_catch_up(clock_.now())) {
    if (canary_ == Canary::no_waiting) {
      world_.note(name_ + ": the canary does not wait for the history");
      hub_->caught_up(clock_.timestamp_ms());
      schedule_flush();
    } else {
      follower_->catch_up();
      advance();
    }
  }
  arm();
  check_limits();
}

void GatewayProcess::write(Stream& stream) {
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

void GatewayProcess::end_stream(Stream& stream) {
  const auto id = stream.subscription;
  hub_->unsubscribe(id);
  streams_[id.slot].reset();
}

void GatewayProcess::on_writable(Stream& stream) {
  write(stream);
}

void GatewayProcess::on_peer_closed(Stream& stream) {
  if (canary_ == Canary::keep_stream && std::exchange(is_canary_due_, false)) {
    world_.note(name_ + ": the canary keeps a subscription");
    return;
  }
  end_stream(stream);
}

void GatewayProcess::arm() {
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

void GatewayProcess::count_hub() const {
  const hub::HubCounters& counters = hub_->counters();
  world_.count(Sight::stream_resumed, counters.resumed);
  world_.count(Sight::stream_reset, counters.resets.total());
  world_.count(Sight::snapshot_told, counters.snapshots);
  world_.count(Sight::reader_overrun, counters.overruns);
  world_.count(Sight::malformed_passed, counters.malformed.total());
}

void GatewayProcess::check_limits() const {
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
  const broker::Adoption& adoption = follower_->adoption();
  if (adoption.waiting() >= plan_.bare_max && !adoption.is_full()) {
    throw Violation(name_ + ": it holds " + std::to_string(adoption.waiting()) +
                    " bare messages, and takes more");
  }
  // One message more than fills it may come, and claims that turn out to be bare.
  check(adoption.text_bytes(), plan_.bare_bytes_max + plan_.claims_bytes_max + 2 * frame_bytes_max,
        "bytes of bare messages");
  // While a history is read, all of it.
  if (hub_->is_live()) {
    check(adoption.unheard(), plan_.unheard_max + plan_.page_entries_max + 1,
          "entries ahead of the channel");
  }
  check(follower_->claims_bytes(), plan_.claims_bytes_max + frame_bytes_max, "bytes of claims");
  if (hub_->counters().gaps > 0 || hub_->counters().duplicates > 0) {
    throw Violation(name_ + ": the follower told a history that is not contiguous");
  }
}

void GatewayProcess::break_redis_link(std::size_t index) {
  if (is_running()) {
    world_.note(name_ + ": loses its link to redis");
    const std::array<RedisLink*, redis_links_count> links{caller_.get(), listener_.get(),
                                                          waiter_.get()};
    links.at(index)->break_off();
  }
}

void GatewayProcess::break_redis_links() {
  if (is_running()) {
    caller_->break_off();
    listener_->break_off();
    waiter_->break_off();
  }
}

void GatewayProcess::stall_redis_links(Duration span) {
  if (is_running()) {
    world_.note(name_ + ": hears nothing of redis for " + std::to_string(span.count()) + " ms");
    caller_->stall(span);
    listener_->stall(span);
    waiter_->stall(span);
  }
}

void GatewayProcess::stall_streams(Duration span) {
  for (const StreamPtr& stream : streams_) {
    if (stream) {
      stream->stall(span);
    }
  }
}

}  // namespace regstream::simulation
