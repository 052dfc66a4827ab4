#include "simulation/publisher_process.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace regstream::simulation {
namespace {

/// As broker::RedisBroker has it: a key's lifetime, less what a last sending may take.
constexpr Duration resend_max{595'000};

/// No text of the simulation is longer.
constexpr std::size_t text_bytes_max = 512;

}  // namespace

PublisherProcess::PublisherProcess(World& world, SimulatedRedis& redis, const FaultPlan& plan,
                                   std::optional<Canary> canary, std::size_t index)
    : world_(world),
      redis_(redis),
      plan_(plan),
      canary_(canary),
      name_("publisher " + std::to_string(index)),
      clock_(world, 0) {
  start();
}

void PublisherProcess::start() {
  broker::PublishLimits limits;
  if (canary_ != Canary::endless_queue) {
    limits.waiting_max = plan_.waiting_max;
  }
  limits.in_flight_max = plan_.in_flight_max;
  ++incarnation_;
  line_.emplace(limits, resend_max, broker::RedisTiming{}.backoff, incarnation_);
  unanswered_ = 0;
  known_ = {};
  link_ = std::make_unique<RedisLink>(world_, redis_, plan_.delay_max, world_.seed(),
                                      RedisLink::Handlers{.on_up =
                                                              [this] {
                                                                line_->on_up();
                                                                send_waiting();
                                                              },
                                                          .on_down = [this] { on_down(); }});
  link_->connect();
}

void PublisherProcess::restart() {
  world_.note(name_ + ": crashes, and starts again");
  start();
}

void PublisherProcess::publish(Publication publication) {
  if (canary_ == Canary::swap_publishes && is_canary_due_ && world_.chance(30)) {
    world_.note(name_ + ": the canary holds a message back");
    is_canary_due_ = false;
    swapped_ = std::move(publication);
    return;
  }
  push(std::move(publication));
  if (swapped_) {
    push(*std::exchange(swapped_, std::nullopt));
  }
}

void PublisherProcess::push(Publication publication) {
  broker::PublishHandler done = [this,
                                 text = publication.text](const broker::PublishResult& result) {
    --unanswered_;
    if (std::holds_alternative<EventId>(result)) {
      acknowledged_.push_back(text);
    }
  };
  if (const auto error = line_->push(std::move(publication.text), std::move(publication.key), done,
                                     broker::Patience::waits)) {
    if (line_->queue().waiting() < plan_.waiting_max) {
      throw Violation(name_ + ": " + error->what);
    }
    world_.count(Sight::publish_refused);
  } else {
    ++unanswered_;
  }
  check_limits();
  send_waiting();
}

void PublisherProcess::send_waiting() {
  while (const auto* const next = line_->next(clock_.now())) {
    link_->call<SimulatedRedis::Answer<EventId>>(
        [known = known_, key = next->key, text = next->message,
         key_before = std::string{line_->key_before()}](SimulatedRedis& redis) {
          return redis.publish(known, key, text, key_before);
        },
        [this](const SimulatedRedis::Answer<EventId>& answer) { on_answer(answer); });
  }
  end_publishes();
  check_limits();
}

void PublisherProcess::on_answer(const SimulatedRedis::Answer<EventId>& answer) {
  if (const auto* const id = std::get_if<EventId>(&answer)) {
    known_ = std::max(known_, *id);
    line_->on_taken(*id);
  } else if (std::get<SimulatedRedis::Refusal>(answer) == SimulatedRedis::Refusal::out_of_order) {
    line_->on_out_of_order();
  } else {
    line_->on_refused_in_passing(clock_.now());
  }
  if (const auto deadline = line_->next_deadline()) {
    world_.after(clock_.until(*deadline), [this, incarnation = incarnation_] {
      if (incarnation == incarnation_) {
        send_waiting();
      }
    });
  }
  send_waiting();
}

void PublisherProcess::on_down() {
  world_.count(Sight::publish_sent_again, line_->queue().in_flight());
  line_->on_down(clock_.now());
  end_publishes();
  check_limits();
}

void PublisherProcess::end_publishes() {
  while (const auto ended = line_->poll_ended()) {
    ended->done(ended->result);
  }
}

void PublisherProcess::check_limits() const {
  if (unanswered_ != waiting()) {
    throw Violation(name_ + ": of " + std::to_string(unanswered_) + " publishes it still holds " +
                    std::to_string(waiting()));
  }
  // Those that were in flight wait again, beside as many as may wait.
  const std::size_t waiting_max = plan_.waiting_max + plan_.in_flight_max;
  if (line_->queue().waiting() > waiting_max || line_->queue().in_flight() > plan_.in_flight_max ||
      line_->queue().waiting_bytes() > waiting_max * text_bytes_max) {
    throw Violation(name_ + ": " + std::to_string(line_->queue().waiting()) + " messages wait (" +
                    std::to_string(line_->queue().waiting_bytes()) + " bytes), and " +
                    std::to_string(line_->queue().in_flight()) + " are in flight");
  }
}

}  // namespace regstream::simulation
