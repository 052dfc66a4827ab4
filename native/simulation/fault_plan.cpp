#include "simulation/fault_plan.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <regstream/sse/parser.hpp>

#include "simulation/chance.hpp"

namespace regstream::simulation {
namespace {

constexpr std::array<std::string_view, canaries_count> names_of_canaries{
    "drop-one",       "duplicate",        "reorder",           "drop-reset",
    "forget-bare",    "adopt-twice",      "lose-timer",        "no-waiting",
    "hasty-attempt",  "no-backoff",       "old-view",          "wrong-view",
    "keep-stream",    "swap-publishes",   "endless-queue",     "endless-journal",
    "endless-outbox", "endless-adoption", "endless-knowledge", "trust-restart",
    "silent-loss",    "silent-skip",      "early-end",         "no-end",
    "wrong-workflow", "late-end",         "hears-hidden",      "no-renewal",
    "trust-failover", "no-replicas"};

/// Gives each choice of a plan its own random numbers, by its name.
class Choices {
 public:
  explicit Choices(std::uint64_t seed) : seed_(seed) {}

  [[nodiscard]] Chance of(std::string_view choice) const {
    return Chance{seed_, "plan: " + std::string{choice}};
  }
  [[nodiscard]] bool half(std::string_view choice) const { return of(choice).chance(500); }
  /// Often 0, otherwise any share up to `most`.
  [[nodiscard]] std::uint64_t rate(std::string_view choice, std::uint64_t most,
                                   std::uint64_t none_per_mille = 500) const {
    Chance chance = of(choice);
    return chance.chance(none_per_mille) ? 0 : chance.between(std::uint64_t{1}, most);
  }
  template <typename Value, std::size_t size>
  [[nodiscard]] Value one(std::string_view choice, const std::array<Value, size>& values) const {
    return values[of(choice).index(size)];
  }

 private:
  std::uint64_t seed_;
};

constexpr std::string_view replicas_choice = "the sentinels";

/// A fault that stops everything hides the others, so it is rarer.
std::uint64_t fault_per_mille(Fault fault) {
  const bool stops_everything = fault == Fault::refuse_writes || fault == Fault::lose_power ||
                                fault == Fault::fail_over_redis;
  if (befalls_primaries(fault)) {
    return 600;
  }
  return stops_everything ? 250 : 400;
}

bool has(const FaultPlan& plan, Fault fault) {
  return std::find(plan.faults.begin(), plan.faults.end(), fault) != plan.faults.end();
}

void erase(FaultPlan& plan, std::initializer_list<Fault> faults) {
  for (const Fault fault : faults) {
    plan.faults.erase(std::remove(plan.faults.begin(), plan.faults.end(), fault),
                      plan.faults.end());
  }
}

}  // namespace

std::string_view to_string(Canary canary) {
  return names_of_canaries[static_cast<std::size_t>(canary)];
}

std::optional<Canary> parse_canary(std::string_view name) {
  const auto* const found = std::find(names_of_canaries.begin(), names_of_canaries.end(), name);
  if (found == names_of_canaries.end()) {
    return std::nullopt;
  }
  return static_cast<Canary>(found - names_of_canaries.begin());
}

std::string canary_names() {
  std::string names;
  for (const std::string_view name : names_of_canaries) {
    names += (names.empty() ? "" : " ") + std::string{name};
  }
  return names;
}

FaultPlan choose_fault_plan(std::uint64_t seed) {
  const Choices choose{seed};
  FaultPlan plan;
  for (std::size_t index = 0; index < faults_count; ++index) {
    const auto fault = static_cast<Fault>(index);
    if (choose.of(to_string(fault)).chance(fault_per_mille(fault))) {
      plan.faults.push_back(fault);
    }
  }
  plan.is_redis_durable = choose.half("redis is durable");
  // If Redis claims to lose no write, then only processes that have met newer ids notice that older
  // data was restored. If no such process lives, nothing in the system can know.
  if (has(plan, Fault::restore_redis) && plan.is_redis_durable) {
    erase(plan, {Fault::crash_gateway, Fault::cut_gateway_power, Fault::drain_gateway,
                 Fault::lose_power});
  }
  // By this name none of the kept seeds has them, and so each still does what it is kept for.
  if (choose.of(replicas_choice).chance(130)) {
    plan.servers = 3;
    plan.replication_delay_max =
        Duration{choose.one("replication delay", std::array<std::int64_t, 3>{2, 100, 2'000})};
    plan.wait_replicas = choose.half("wait for replicas") ? plan.servers - 1 : 0;
    plan.is_redis_durable = false;
    // Faults of a single server would hide those of several, because another server is there.
    erase(plan, {Fault::restart_redis, Fault::restore_redis, Fault::flush_redis, Fault::lose_power,
                 Fault::fail_over_redis});
    if (std::none_of(plan.faults.begin(), plan.faults.end(), befalls_primaries)) {
      plan.faults.push_back(Fault::cut_off_primary);
    }
  } else {
    erase(plan, {Fault::kill_primary, Fault::cut_off_primary, Fault::hand_over_primary});
  }
  plan.fault_interval_max = Duration{
      choose.one("fault interval", std::array<std::int64_t, 4>{200, 1'000, 5'000, 20'000})};

  plan.gateways = 1 + choose.of("gateways").index(4);
  plan.clients = choose.one("clients", std::array<std::size_t, 6>{1, 3, 10, 10, 40, 200});
  plan.publishers = 1 + choose.of("publishers").index(3);
  plan.registrations = choose.of("registrations").between(std::uint64_t{1}, std::uint64_t{6});
  plan.publish_interval_max =
      Duration{choose.one("publish interval", std::array<std::int64_t, 4>{20, 200, 1'000, 10'000})};
  plan.quiet_from_per_mille =
      choose.one("quiet from", std::array<std::uint64_t, 4>{700, 1'000, 1'000, 1'000});
  plan.bare_per_mille = choose.rate("bare", 600);
  plan.malformed_per_mille = choose.rate("malformed", 100);
  plan.same_key_per_mille = choose.rate("same key", 200);
  // Rare, because among equal messages it is unknown which one is missing.
  plan.same_bare_per_mille = choose.rate("same bare", 500, 750);

  plan.split_per_mille = choose.rate("split", 1'000);
  plan.slow_reader_per_mille = choose.rate("slow reader", 300);
  plan.throttled_per_mille = choose.rate("throttled", 300);
  plan.drift_per_million_max = static_cast<std::int64_t>(choose.rate("drift", 20'000));
  plan.delay_max = Duration{choose.one("delay", std::array<std::int64_t, 3>{2, 50, 800})};
  plan.send_buffer_bytes =
      choose.one("send buffer bytes", std::array<std::size_t, 3>{2'000, 16'000, 200'000});

  // By this name none of the kept seeds has them, and so each still does what it is kept for.
  plan.has_tokens = choose.of("closed gateways").chance(150);
  plan.held_back_per_mille = choose.of("whole answers only").chance(150) ? 400 : 0;
  plan.history_length_max =
      choose.one("history length", std::array<std::size_t, 4>{8, 50, 10'000, 10'000});
  plan.page_bytes = choose.one("page bytes", std::array<std::size_t, 3>{4'000, 40'000, 400'000});
  plan.journal_count_max =
      choose.one("journal count", std::array<std::size_t, 4>{2, 20, 100'000, 100'000});
  plan.outbox_bytes_max = choose.one("outbox bytes", std::array<std::size_t, 3>{1, 1'000, 65'536});

  const std::size_t enough = std::size_t{64} << 20U;
  plan.journal_bytes_max =
      choose.one("journal bytes", std::array<std::size_t, 4>{2'000, enough, enough, enough});
  plan.known_registrations_max =
      choose.one("known registrations", std::array<std::size_t, 4>{1, 10'000, 10'000, 10'000});
  plan.unverified_bytes_max =
      choose.one("claims bytes", std::array<std::size_t, 3>{600, enough, enough});
  if (plan.history_length_max < 10'000) {
    // A gateway that dropped unverified ids knows less about what the channel brought. If the
    // history no longer reaches back to what it knows, its bare messages wait until somebody
    // publishes again.
    plan.unverified_bytes_max = enough;
  }
  plan.bare_max = choose.one("bare", std::array<std::size_t, 3>{2, 40'000, 40'000});
  if (plan.delay_max > Duration{50}) {
    // How many are adopted in a round trip. The messages that wait in Redis at the end must be used
    // up in time.
    plan.bare_max = std::max(plan.bare_max, std::size_t{20});
  }
  const bool has_floods = choose.of("floods").chance(333);
  plan.bare_bytes_max = has_floods && choose.half("few bare bytes") ? 600 : enough;
  plan.unreceived_max = has_floods && choose.half("few unheard") ? 20 : 500'000;
  plan.held_max = has_floods ? 10 : 100'000;
  plan.waiting_max = choose.one("waiting", std::array<std::size_t, 4>{3, 10'000, 10'000, 10'000});
  plan.batch_updates_max = choose.one("batch updates", std::array<std::size_t, 3>{2, 16, 128});
  plan.batches_in_flight_max = choose.one("batches in flight", std::array<std::size_t, 3>{1, 3, 5});
  plan.line_bytes_max = sse::ParserLimits{}.line_bytes_max;
  if (choose.of("short lines").chance(200)) {
    // Some updates are longer than the first limit, and most snapshots are longer than the second.
    plan.line_bytes_max = choose.half("very short lines") ? 180 : 400;
  }
  plan.turn_bytes_max =
      choose.one("turn bytes", std::array<std::size_t, 4>{1'000, 4'000, 1U << 20U, 1U << 20U});
  plan.unflushed_bytes_max =
      choose.one("unflushed bytes", std::array<std::size_t, 3>{0, 2'000, 64U << 10U});
  return plan;
}

FaultPlan choose_guest_plan(std::uint64_t seed, const FaultPlan& host) {
  const Choices choose{seed};
  FaultPlan plan = choose_fault_plan(seed);
  plan.faults.erase(std::remove_if(plan.faults.begin(), plan.faults.end(), befalls_machines),
                    plan.faults.end());
  plan.gateways = host.gateways;
  plan.is_redis_durable = host.is_redis_durable;
  plan.servers = host.servers;
  plan.replication_delay_max = host.replication_delay_max;
  plan.wait_replicas = host.servers > 1 && choose.half("guest waits for replicas") ? 2 : 0;
  plan.has_tokens = host.has_tokens;
  plan.clients = choose.one("guest clients", std::array<std::size_t, 4>{1, 2, 3, 6});
  plan.publishers = 1 + choose.of("guest publishers").index(2);
  plan.publish_interval_max = std::max(plan.publish_interval_max, 2 * host.publish_interval_max);
  return plan;
}

std::string to_string(const FaultPlan& plan) {
  std::string text = "faults:";
  for (const Fault fault : plan.faults) {
    text += ' ' + std::string{to_string(fault)} + ';';
  }
  const auto add = [&text](std::string_view name, auto value) {
    text += ' ' + std::string{name} + ' ' + std::to_string(value) + ';';
  };
  add("at most this many ms apart", plan.fault_interval_max.count());
  text += "\nsize:";
  add("gateways", plan.gateways);
  add("clients", plan.clients);
  add("publishers", plan.publishers);
  add("servers", plan.servers);
  add("wait for replicas", plan.wait_replicas);
  add("replication delay ms", plan.replication_delay_max.count());
  add("registrations", plan.registrations);
  add("ms between updates", plan.publish_interval_max.count());
  text += "\nper mille:";
  add("quiet from", plan.quiet_from_per_mille);
  add("bare", plan.bare_per_mille);
  add("malformed", plan.malformed_per_mille);
  add("same key", plan.same_key_per_mille);
  add("same bare", plan.same_bare_per_mille);
  add("cut anywhere", plan.split_per_mille);
  add("slow readers", plan.slow_reader_per_mille);
  add("held back", plan.held_back_per_mille);
  add("throttled timers", plan.throttled_per_mille);
  add("clock drift, per million", plan.drift_per_million_max);
  text += "\nlimits:";
  add("delay ms", plan.delay_max.count());
  add("send buffer", plan.send_buffer_bytes);
  add("tokens", static_cast<int>(plan.has_tokens));
  add("history", plan.history_length_max);
  add("page bytes", plan.page_bytes);
  add("journal", plan.journal_count_max);
  add("journal bytes", plan.journal_bytes_max);
  add("outbox bytes", plan.outbox_bytes_max);
  add("bytes in a turn", plan.turn_bytes_max);
  add("bytes unflushed", plan.unflushed_bytes_max);
  add("registrations known", plan.known_registrations_max);
  add("claims bytes", plan.unverified_bytes_max);
  add("bare waiting", plan.bare_max);
  add("bytes of them", plan.bare_bytes_max);
  add("unheard", plan.unreceived_max);
  add("held by redis", plan.held_max);
  add("syncs each write", static_cast<int>(plan.is_redis_durable));
  add("publishes waiting", plan.waiting_max);
  add("updates of a batch", plan.batch_updates_max);
  add("batches in flight", plan.batches_in_flight_max);
  add("line of a stream", plan.line_bytes_max);
  return text + '\n';
}

}  // namespace regstream::simulation
