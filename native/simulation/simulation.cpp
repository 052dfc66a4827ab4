#include "simulation/simulation.hpp"

#include <array>
#include <functional>
#include <memory>
#include <utility>

#include <regstream/message/codec.hpp>

#include "simulation/client_process.hpp"
#include "simulation/gateway_process.hpp"
#include "simulation/publisher_process.hpp"

namespace regstream::simulation {
namespace {

/// How long a process or Redis stays down, and a network apart.
constexpr Duration down_max{20'000};
constexpr Duration stall_max{50'000};
constexpr Duration drain_max{5'000};
constexpr Duration leap_max{90'000};
constexpr Duration refusal_max{60'000};

/// What a second of updates may be, which a Redis that syncs once a second may lose.
constexpr std::size_t lost_writes_max = 20;

/// The longest way back for a client when all faults have ended: a stall, and a sleeping machine's
/// late timer; the watchdog of a half-open stream, its grace, and the longest waits of two
/// attempts, each with a throttled timer; and then all that it has missed, over a slow line.
constexpr Duration recovery_max{900'000};
/// The same for an update when nothing is wrong: the slowest reader.
constexpr Duration delivery_max{120'000};

/// How long a publisher tries again with one key: less than Redis keeps it.
constexpr Duration same_key_max{300'000};

/// The last updates are younger than those before, whichever calendar is wrong by an hour.
constexpr std::int64_t settled_after_ms = 86'400'000;

constexpr std::array<std::string_view, 4> stages{"duplicate_check", "t24_lookup",
                                                 "account_validation", "status_update"};
constexpr std::array<std::string_view, 5> final_statuses{"APPROVED", "DUPLICATE", "FAILED",
                                                         "COMPLETED", "SOMETHING_ELSE"};

/// Everything that takes part, and what befalls it.
class Scene {
 public:
  Scene(const SimulationOptions& options, World& world)
      : options_(options),
        world_(world),
        plan_(choose_fault_plan(world, options.seed)),
        redis_(world, truth_, plan_, options.canary) {
    for (std::size_t index = 0; index < plan_.gateways; ++index) {
      gateways_.push_back(
          std::make_unique<GatewayProcess>(world_, redis_, plan_, options.canary, index));
      gateways_.back()->start();
    }
    for (std::size_t index = 0; index < plan_.publishers; ++index) {
      publishers_.push_back(
          std::make_unique<PublisherProcess>(world_, redis_, plan_, options.canary, index));
    }
    published_.resize(plan_.publishers);
    senders_.resize(plan_.publishers);
    for (auto& sender : senders_) {
      sender = ++senders_count_;
    }
    for (std::size_t index = 0; index < plan_.clients; ++index) {
      clients_.push_back(std::make_unique<ClientProcess>(
          world_, truth_, plan_, options.canary, index, [this]() -> StreamWriter& {
            return gateways_[world_.index(gateways_.size())]->streams();
          }));
    }
  }

  void run() {
    for (const auto& client : clients_) {
      world_.after(world_.between({}, Duration{20'000}), [&client] { client->start(); });
    }
    keep_publishing();
    keep_failing();
    // Clients begin within the first seconds; before that there is nothing to fail.
    while (world_.steps() < options_.steps || world_.now() < Instant{Duration{25'000}}) {
      world_.step();
    }
    is_over_ = true;
    world_.note("no more faults");
    mend();
    world_.run_for(recovery_max);
    check_caught_up();
    // A history that was lost shows when somebody publishes.
    publish_new_validation(1);
    world_.run_for(delivery_max);
    check_end(false);
    // Whatever Redis had forgotten when they came, from now on all see the same.
    for (std::uint64_t registration = 1; registration <= plan_.registrations; ++registration) {
      publish_new_validation(registration);
      world_.run_for(delivery_max);
    }
    check_end(true);
  }

  void count(SimulationResult& result) const {
    result.plan = to_string(plan_);
    for (const auto& gateway : gateways_) {
      if (gateway->is_running()) {
        gateway->streams().count();
      }
    }
    result.coverage = world_.coverage();
    for (const auto& client : clients_) {
      result.updates += client->judge().updates();
      result.resets += client->judge().resets();
    }
  }

 private:
  // --- What is published.

  std::string make_text(std::uint64_t registration, std::int64_t timestamp_ms) {
    const std::string number = std::to_string(++texts_);
    if (world_.chance(plan_.malformed_per_mille)) {
      return R"({"registrationId":0,"status":"no update )" + number + "\"}";
    }
    Update update;
    update.registration_id = static_cast<std::int64_t>(registration);
    update.message = "Number " + number;
    update.timestamp_ms = timestamp_ms;
    if (world_.chance(250)) {
      update.status = final_statuses[world_.index(final_statuses.size())];
      update.details = "{\"number\":" + number + '}';
    } else {
      update.status = "PENDING";
      update.stage = stages[world_.index(stages.size())];
      update.stage_status = static_cast<StageStatus>(world_.index(4));
    }
    return encode_update(update);
  }

  void publish_new(std::size_t publisher, std::string text) {
    const std::string key = "key " + std::to_string(texts_);
    truth_.expect(text, senders_[publisher], texts_);
    published_[publisher] = {.publication = {.text = text, .key = key},
                             .sender = senders_[publisher],
                             .time = world_.now()};
    publishers_[publisher]->publish({.text = std::move(text), .key = key});
  }

  void publish(std::uint64_t registration) {
    const std::size_t publisher = world_.index(publishers_.size());
    if (world_.chance(plan_.same_key_per_mille)) {
      publish_again(publisher);
      return;
    }
    publish_new(publisher, make_text(registration, publishers_[publisher]->timestamp_ms()));
  }

  /// Somebody tries again with what somebody has published last: the same one, or another.
  void publish_again(std::size_t publisher) {
    const std::size_t first = world_.index(publishers_.size());
    const Published& last = published_[first];
    if (last.publication.text.empty() || world_.now() - last.time > same_key_max) {
      return;
    }
    if (last.sender != senders_[publisher]) {
      truth_.expect_any_time(last.publication.text);
    }
    publishers_[publisher]->publish(last.publication);
  }

  /// After these, views are equal whatever they knew before: an end, and another beginning.
  void publish_new_validation(std::uint64_t registration) {
    const std::size_t publisher = world_.index(publishers_.size());
    Update update;
    update.registration_id = static_cast<std::int64_t>(registration);
    update.timestamp_ms = publishers_[publisher]->timestamp_ms() + settled_after_ms * ++settled_;
    for (const std::string_view status : {"FAILED", "PENDING", "APPROVED"}) {
      update.status = status;
      update.stage = status == "PENDING" ? stages.front() : "";
      update.stage_status = StageStatus::started;
      update.message = "Settled " + std::to_string(++texts_);
      ++update.timestamp_ms;
      publish_new(publisher, encode_update(update));
    }
  }

  void keep_publishing() {
    world_.after(world_.between({}, plan_.publish_interval_max), [this] {
      const bool is_quiet = plan_.quiet_from_per_mille < 1'000 &&
                            world_.steps() * 1'000 >= options_.steps * plan_.quiet_from_per_mille;
      if (is_over_ || is_quiet) {
        return;
      }
      const auto registration = world_.between(std::uint64_t{1}, plan_.registrations);
      if (!world_.chance(plan_.bare_per_mille)) {
        publish(registration);
      } else if (redis_.is_up()) {
        redis_.publish_bare(make_text(registration, publishers_.front()->timestamp_ms()));
      }
      keep_publishing();
    });
  }

  // --- What goes wrong.

  void keep_failing() {
    if (plan_.faults.empty()) {
      return;
    }
    world_.after(world_.between({}, plan_.fault_interval_max), [this] {
      if (!is_over_) {
        const Fault fault = plan_.faults[world_.index(plan_.faults.size())];
        commit(fault);
        keep_failing();
      }
    });
  }

  GatewayProcess& any_gateway() { return *gateways_[world_.index(gateways_.size())]; }
  ClientProcess& any_client() { return *clients_[world_.index(clients_.size())]; }
  Duration any_span(Duration most) { return world_.between(Duration{1}, most); }
  bool has_begun() const { return world_.now() > Instant{Duration{20'000}}; }

  void commit(Fault fault) {
    switch (fault) {
      case Fault::reset_stream:
      case Fault::stall_stream:
      case Fault::half_open_stream:
      case Fault::restart_client:
      case Fault::sleep_client:
      case Fault::signal_client:
        if (has_begun()) {
          commit(fault, any_client());
        }
        return;
      case Fault::part_clients:
      case Fault::crash_gateway:
      case Fault::cut_gateway_power:
      case Fault::drain_gateway:
      case Fault::break_redis_link:
      case Fault::stall_redis_link:
        commit(fault, any_gateway());
        return;
      case Fault::restart_redis:
      case Fault::restore_redis:
        restart_redis(fault == Fault::restore_redis);
        return;
      case Fault::lose_power:
        lose_power();
        return;
      case Fault::flush_redis:
        if (redis_.is_up() && world_.chance(200)) {
          world_.count(fault);
          world_.note("redis: is emptied");
          redis_.flush();
        }
        return;
      case Fault::set_calendar:
        world_.count(fault);
        set_calendar();
        return;
      case Fault::leap_clock:
        world_.count(fault);
        leap_clock();
        return;
      case Fault::refuse_writes:
        refuse_writes();
        return;
      case Fault::crash_publisher: {
        const std::size_t publisher = world_.index(publishers_.size());
        world_.count(fault);
        senders_[publisher] = ++senders_count_;
        publishers_[publisher]->restart();
        return;
      }
    }
  }

  void commit(Fault fault, ClientProcess& client) {
    const bool needs_stream = fault == Fault::reset_stream || fault == Fault::stall_stream ||
                              fault == Fault::half_open_stream;
    if (needs_stream && !client.stream()) {
      return;
    }
    world_.count(fault);
    if (fault == Fault::restart_client) {
      client.restart(world_.chance(500));
    } else if (fault == Fault::sleep_client) {
      client.sleep(any_span(stall_max));
    } else if (fault == Fault::signal_client) {
      client.signal();
    } else {
      world_.note("fault: " + std::string{to_string(fault)});
      if (fault == Fault::reset_stream) {
        client.stream()->reset();
      } else if (fault == Fault::stall_stream) {
        client.stream()->stall(any_span(stall_max));
      } else {
        client.stream()->lose_peer();
      }
    }
  }

  void commit(Fault fault, GatewayProcess& gateway) {
    if (!gateway.is_running()) {
      return;
    }
    world_.count(fault);
    const auto restart_later = [this, &gateway](Duration wait) {
      world_.after(wait, [&gateway] { gateway.start(); });
    };
    if (fault == Fault::part_clients) {
      gateway.streams().stall(any_span(stall_max));
    } else if (fault == Fault::break_redis_link) {
      gateway.break_redis_link(world_.index(GatewayProcess::redis_links_count));
    } else if (fault == Fault::stall_redis_link) {
      gateway.stall_redis_links(any_span(stall_max));
    } else if (fault == Fault::drain_gateway) {
      gateway.streams().drain();
      world_.after(drain_max, [&gateway] {
        gateway.crash(true);
        gateway.start();
      });
    } else {
      gateway.crash(fault == Fault::crash_gateway);
      restart_later(any_span(down_max));
    }
  }

  void restart_redis(bool with_older_data) {
    if (!redis_.is_up()) {
      return;
    }
    if (with_older_data && world_.chance(700)) {
      redis_.save();
      return;
    }
    world_.note(with_older_data ? "redis: restarts with older data" : "redis: restarts");
    world_.count(with_older_data ? Fault::restore_redis : Fault::restart_redis);
    redis_.go_down();
    for (const auto& gateway : gateways_) {
      gateway->break_redis_links();
    }
    for (const auto& publisher : publishers_) {
      publisher->link().break_off();
    }
    if (with_older_data) {
      redis_.restore();
    }
    world_.after(any_span(down_max), [this] { redis_.come_up(); });
  }

  /// The machines of Redis, of all gateways and of the publishers.
  void lose_power() {
    if (!redis_.is_up()) {
      return;
    }
    world_.note("everything loses its power");
    world_.count(Fault::lose_power);
    for (const auto& gateway : gateways_) {
      gateway->crash(false);
      world_.after(any_span(down_max), [&gateway] { gateway->start(); });
    }
    for (std::size_t publisher = 0; publisher < publishers_.size(); ++publisher) {
      senders_[publisher] = ++senders_count_;
      publishers_[publisher]->restart();
    }
    redis_.go_down();
    redis_.lose_writes(world_.index(lost_writes_max));
    world_.after(any_span(down_max), [this] { redis_.come_up(); });
  }

  void refuse_writes() {
    if (!redis_.refuses_writes()) {
      world_.count(Fault::refuse_writes);
      redis_.refuse_writes(true);
      world_.after(any_span(refusal_max), [this] { redis_.refuse_writes(false); });
    }
  }

  void set_calendar() {
    const Duration wrong_by = Duration{-3'600'000} + world_.between({}, Duration{7'200'000});
    switch (world_.index(4)) {
      case 0:
        any_gateway().set_calendar(wrong_by);
        return;
      case 1:
        any_client().set_calendar(wrong_by);
        return;
      case 2:
        redis_.advance_calendar(wrong_by);
        return;
      default:
        publishers_[world_.index(publishers_.size())]->set_calendar(wrong_by);
        return;
    }
  }

  void leap_clock() {
    const Duration span = any_span(leap_max);
    world_.note("fault: a clock leaps " + std::to_string(span.count()) + " ms");
    switch (world_.index(3)) {
      case 0:
        any_gateway().leap_clock(span);
        return;
      case 1:
        any_client().leap_clock(span);
        return;
      default:
        publishers_[world_.index(publishers_.size())]->leap_clock(span);
        return;
    }
  }

  /// What is down comes up, and who believes to be offline is told better.
  void mend() {
    redis_.come_up();
    redis_.refuse_writes(false);
    for (const auto& gateway : gateways_) {
      gateway->start();
    }
    for (const auto& client : clients_) {
      client->signal_online();
    }
  }

  // --- What must hold in the end.

  /// Nobody has to publish anything for what was published before to arrive.
  void check_caught_up() const {
    for (const auto& gateway : gateways_) {
      const EventId position = gateway->streams().hub().journal().position();
      if (position.epoch == truth_.end().epoch && position != truth_.end() &&
          !truth_.epoch(position.epoch)->was_rolled_back) {
        throw Violation("a gateway rests at " + to_string(position) + ", and the history ends at " +
                        to_string(truth_.end()));
      }
      for (const std::string& text : gateway->bare_heard()) {
        check_entered(text);
      }
      if (const auto end = gateway->cut_off_at(); end && !truth_.has_told_since(*end)) {
        throw Violation("redis cut a gateway off when the history was at " + to_string(*end) +
                        ", and no stream was told that messages may be lost");
      }
    }
  }

  void check_end(bool is_settled) const {
    std::size_t subscriptions = 0;
    for (const auto& gateway : gateways_) {
      if (!gateway->is_caught_up() || !gateway->streams().hub().is_live()) {
        throw Violation("a gateway does not follow the history, though everything is well");
      }
      if (gateway->streams().hub().journal().position() != truth_.end()) {
        throw Violation("a gateway is at " +
                        to_string(gateway->streams().hub().journal().position()) +
                        ", and the history at " + to_string(truth_.end()));
      }
      subscriptions += gateway->streams().hub().subscriptions();
      for (const std::string& text : gateway->bare_heard()) {
        check_entered(text);
      }
    }
    for (const auto& publisher : publishers_) {
      if (publisher->waiting() != 0) {
        throw Violation("a publisher still waits, though everything is well");
      }
      for (const std::string& text : publisher->acknowledged()) {
        check_entered(text);
      }
    }
    for (const auto& client : clients_) {
      client->check_end(is_settled);
    }
    if (subscriptions != clients_.size()) {
      throw Violation("gateways hold " + std::to_string(subscriptions) + " streams of " +
                      std::to_string(clients_.size()) + " clients");
    }
  }

  void check_entered(const std::string& text) const {
    if (!truth_.has_entered(text) && text.find("no update") == std::string::npos) {
      throw Violation("this was published, and never entered the history: " + text);
    }
  }

  const SimulationOptions& options_;
  World& world_;
  const FaultPlan plan_;
  Truth truth_;
  SimulatedRedis redis_;
  std::vector<std::unique_ptr<GatewayProcess>> gateways_;
  std::vector<std::unique_ptr<PublisherProcess>> publishers_;
  std::vector<std::unique_ptr<ClientProcess>> clients_;
  /// What a publisher has published last.
  struct Published {
    Publication publication;
    std::uint64_t sender = 0;
    Instant time{};
  };
  std::vector<Published> published_;
  std::vector<std::uint64_t> senders_;  // The number of each publisher's process that runs now.
  std::uint64_t senders_count_ = 0;
  std::uint64_t texts_ = 0;
  std::int64_t settled_ = 0;
  bool is_over_ = false;
};

}  // namespace

SimulationResult simulate(const SimulationOptions& options) {
  World world(options.seed, options.trace_lines_max);
  Scene scene(options, world);
  SimulationResult result;
  try {
    scene.run();
  } catch (const Violation& violation) {
    result.violation = violation.what();
  }
  scene.count(result);
  result.trace.assign(world.trace().lines().begin(), world.trace().lines().end());
  result.trace_hash = world.trace().hash();
  result.steps = world.steps();
  result.simulated_ms = world.now().time_since_epoch().count();
  return result;
}

}  // namespace regstream::simulation
