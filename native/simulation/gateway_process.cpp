#include "simulation/gateway_process.hpp"

#include <string_view>
#include <utility>
#include <variant>

namespace regstream::simulation {
namespace {

/// How many times larger than the first page a page may become.
constexpr std::size_t page_growth_max = 4;

/// The shortest message of a run: an object with its id only.
constexpr std::size_t message_bytes_min = std::string_view{R"({"id":"1702493000000-1"})"}.size();

/// The script writes the id there, or a forgery does.
std::optional<EventId> claimed_id(std::string_view message) {
  constexpr std::string_view name = R"("id":")";
  const auto found = message.rfind(name);
  if (found == std::string_view::npos) {
    return std::nullopt;
  }
  message.remove_prefix(found + name.size());
  return parse_event_id(message.substr(0, message.find('"')));
}

}  // namespace

GatewayProcess::GatewayProcess(World& world, std::shared_ptr<ProcessClock> clock,
                               RedisServers& servers, const Truth& truth, const FaultPlan& plan,
                               const Issuer& issuer, std::optional<Canary> canary,
                               std::size_t index)
    : world_(world),
      servers_(servers),
      truth_(truth),
      plan_(plan),
      canary_(canary),
      name_("gateway " + std::to_string(index)),
      clock_(std::move(clock)),
      streams_(world, truth.workflow(), plan, issuer, canary, index, name_, *clock_,
               [this] { broker_->catch_up(); }) {}

void GatewayProcess::start() {
  if (is_running()) {
    return;
  }
  world_.note(name_ + ": starts");
  streams_.start();
  broker::HistorySessionOptions options;
  options.seed = world_.seed();
  options.finder = servers_.finder();
  options.workflow = &truth_.workflow();
  options.publisher_name = name_;
  options.follower.page_bytes = plan_.page_bytes;
  options.follower.page_bytes_max = page_growth_max * plan_.page_bytes;
  options.follower.unverified_bytes_max = plan_.unverified_bytes_max;
  if (canary_ != Canary::endless_adoption) {
    options.follower.adoption.waiting_max = plan_.bare_max;
    options.follower.adoption.bytes_max = plan_.bare_bytes_max;
  }
  options.follower.adoption.unreceived_max = plan_.unreceived_max;
  broker_ = std::make_unique<RedisBroker>(
      world_, servers_, plan_, *clock_, options,
      RedisBroker::Handlers{
          .on_message = [this](const std::string& message) { return on_channel_message(message); },
          .on_cut = [this] { resets_when_cut_ = truth_.resets_required(); },
          .on_fact = [this](const broker::SessionFact& fact) { on_fact(fact); },
          .on_advanced = [this] { check_limits(); }});
  broker_->subscribe(streams_);
}

void GatewayProcess::crash(bool tells) {
  if (!is_running()) {
    return;
  }
  world_.note(name_ + (tells ? ": crashes" : ": loses its power"));
  streams_.crash(tells);
  bare_heard_.clear();
  malformed_heard_ = 0;
  resets_when_cut_.reset();
  broker_.reset();
}

void GatewayProcess::count_neighbour() const {
  if (neighbour_ != nullptr && neighbour_->is_running() &&
      neighbour_->streams().hub().subscriptions() > 0) {
    world_.count(Situation::other_passed_by);
  }
}

bool GatewayProcess::on_channel_message(const std::string& message) {
  count_neighbour();
  const auto claimed = claimed_id(message);
  if (truth_.is_forged(message, Forgery::no_message)) {
    // If it has an id, a read must first show that the history didn't give it out.
    malformed_heard_ += claimed ? 0U : 1U;
    return true;
  }
  const bool is_bare = !claimed || truth_.epoch(claimed->epoch) == nullptr;
  if (is_bare) {
    world_.count(Situation::bare_heard);
    bare_heard_.push_back(message);
  }
  return !is_bare || canary_ != Canary::forget_bare;
}

/// An unexpected reply belongs to another command: Redis's protocol pairs them by order only.
void GatewayProcess::on_fact(const broker::SessionFact& fact) {
  if (std::holds_alternative<broker::MessageRefused>(fact)) {
    world_.count(Situation::message_refused);
  } else if (std::holds_alternative<broker::MessageForged>(fact)) {
    world_.count(Situation::message_forged);
  }
  const auto* const failed = std::get_if<broker::RedisFailed>(&fact);
  if (failed != nullptr && failed->failure.kind == broker::RedisFailureKind::not_redis) {
    throw Violation(name_ + ": " + failed->failure.what);
  }
}

void GatewayProcess::check_limits() const {
  streams_.check_limits();
  const auto check = [this](std::size_t held, std::size_t most, const char* what) {
    if (held > most) {
      throw Violation(name_ + ": it holds " + std::to_string(held) + ' ' + what);
    }
  };
  const broker::HistoryFollower& follower = broker_->session().follower();
  const broker::Adoption& adoption = follower.adoption();
  if (adoption.waiting() >= plan_.bare_max && !adoption.is_full()) {
    throw Violation(name_ + ": it holds " + std::to_string(adoption.waiting()) +
                    " bare messages, and takes more");
  }
  // One message more may arrive after the limit, and ids that turn out to be invented.
  check(adoption.text_bytes(),
        plan_.bare_bytes_max + plan_.unverified_bytes_max + 2 * frame_bytes_max,
        "bytes of bare messages");
  // While a history is read, all of it may wait; and while the channel is not read, what waits
  // there.
  if (streams_.hub().is_live() && follower.is_subscribed()) {
    const std::size_t page_entries_max =
        page_growth_max * plan_.page_bytes / (entry_bytes + message_bytes_min) + 2;
    check(adoption.unreceived(), plan_.unreceived_max + page_entries_max + 1,
          "entries ahead of the channel");
  }
  if (follower.counts().malformed.total() < malformed_heard_) {
    throw Violation(name_ + ": it was sent " + std::to_string(malformed_heard_) +
                    " messages that are none, and has counted " +
                    std::to_string(follower.counts().malformed.total()));
  }
  check(follower.unverified_bytes(), plan_.unverified_bytes_max + frame_bytes_max,
        "bytes of claims");
}

void GatewayProcess::break_redis_link(broker::LinkRole role) {
  if (is_running()) {
    world_.note(name_ + ": loses its link to redis");
    broker_->break_off(role);
  }
}

void GatewayProcess::break_redis_links() {
  if (is_running()) {
    broker_->break_off();
  }
}

void GatewayProcess::break_redis_links(const SimulatedRedis& server) {
  if (is_running()) {
    broker_->break_off(server);
  }
}

void GatewayProcess::stall_redis_links(Duration span) {
  if (is_running()) {
    world_.note(name_ + ": hears nothing of redis for " + std::to_string(span.count()) + " ms");
    broker_->stall(span);
  }
}

}  // namespace regstream::simulation
