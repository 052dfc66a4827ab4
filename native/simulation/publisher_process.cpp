#include "simulation/publisher_process.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace regstream::simulation {
namespace {

/// The longest text of the simulation.
constexpr std::size_t text_bytes_max = 512;
constexpr Duration wait_timeout{1'000};

}  // namespace

PublisherProcess::PublisherProcess(World& world, RedisServers& servers, const FaultPlan& plan,
                                   std::optional<Canary> canary, std::size_t index)
    : world_(world),
      servers_(servers),
      plan_(plan),
      canary_(canary),
      name_("publisher " + std::to_string(index)),
      clock_(world, 0) {
  start();
}

void PublisherProcess::start() {
  broker::HistorySessionOptions options;
  options.seed = world_.seed();
  options.finder = servers_.finder();
  if (canary_ != Canary::no_replicas) {
    options.replicas = {.count = plan_.wait_replicas, .timeout = wait_timeout};
  }
  options.publisher_name = name_ + '.' + std::to_string(++starts_);
  if (canary_ != Canary::endless_queue) {
    options.publishes.waiting_max = plan_.waiting_max;
  }
  options.publishes.batch_updates_max = plan_.batch_updates_max;
  options.publishes.batches_in_flight_max = plan_.batches_in_flight_max;
  unanswered_ = 0;
  broker_ = std::make_unique<RedisBroker>(
      world_, servers_, plan_, clock_, options,
      RedisBroker::Handlers{.on_message = [](const std::string& /*message*/) { return false; },
                            .on_cut = [] {},
                            .on_fact = [this](const broker::SessionFact& fact) { on_fact(fact); },
                            .on_advanced = [this] { check_limits(); }});
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
  ++unanswered_;
  broker::PublishHandler done = [this,
                                 text = publication.text](const broker::PublishResult& result) {
    --unanswered_;
    if (std::holds_alternative<EventId>(result)) {
      acknowledged_.push_back(text);
    }
  };
  broker_->publish(std::move(publication.text), std::move(publication.key), std::move(done));
}

void PublisherProcess::on_fact(const broker::SessionFact& fact) {
  if (const auto* const rejected = std::get_if<broker::PublishRejected>(&fact)) {
    if (queue().waiting() < plan_.waiting_max) {
      throw Violation(name_ + ": " + rejected->what);
    }
    world_.count(Situation::publish_refused);
  }
}

void PublisherProcess::check_limits() const {
  if (unanswered_ != waiting()) {
    throw Violation(name_ + ": of " + std::to_string(unanswered_) + " publishes it still holds " +
                    std::to_string(waiting()));
  }
  // Publishes that were in flight wait again, in addition to as many as may wait.
  const std::size_t in_flight_max = plan_.batch_updates_max * plan_.batches_in_flight_max;
  const std::size_t waiting_max = plan_.waiting_max + in_flight_max;
  if (queue().waiting() > waiting_max || queue().in_flight() > in_flight_max ||
      queue().batches_in_flight() > plan_.batches_in_flight_max ||
      queue().waiting_bytes() > waiting_max * text_bytes_max) {
    throw Violation(name_ + ": " + std::to_string(queue().waiting()) + " messages wait (" +
                    std::to_string(queue().waiting_bytes()) + " bytes), and " +
                    std::to_string(queue().in_flight()) + " are in flight");
  }
}

}  // namespace regstream::simulation
