#include "simulation/fault_plan.hpp"

#include <algorithm>
#include <array>

namespace regstream::simulation {
namespace {

constexpr std::array<std::string_view, faults_count> fault_names{
    "reset stream",        "stall stream",  "half-open stream", "part clients",
    "restart client",      "sleep client",  "signal client",    "crash gateway",
    "cut gateway's power", "drain gateway", "break redis link", "stall redis link",
    "restart redis",       "flush redis",   "restore redis",    "set calendar"};

constexpr std::array<std::string_view, canaries_count> canary_names{
    "drop-one",    "duplicate",   "reorder",    "drop-reset",
    "forget-bare", "adopt-twice", "lose-timer", "no-waiting"};

/// Often none, else any share up to `most`.
std::uint64_t choose_rate(World& world, std::uint64_t most) {
  return world.chance(500) ? 0 : world.between(1, most);
}

template <typename Value, std::size_t size>
Value choose(World& world, const std::array<Value, size>& values) {
  return values[world.index(size)];
}

bool has(const FaultPlan& plan, Fault fault) {
  return std::find(plan.faults.begin(), plan.faults.end(), fault) != plan.faults.end();
}

}  // namespace

std::string_view to_string(Fault fault) {
  return fault_names[static_cast<std::size_t>(fault)];
}

std::string_view to_string(Canary canary) {
  return canary_names[static_cast<std::size_t>(canary)];
}

std::optional<Canary> parse_canary(std::string_view name) {
  const auto* const found = std::find(canary_names.begin(), canary_names.end(), name);
  if (found == canary_names.end()) {
    return std::nullopt;
  }
  return static_cast<Canary>(found - canary_names.begin());
}

FaultPlan choose_fault_plan(World& world) {
  FaultPlan plan;
  for (std::size_t fault = 0; fault < faults_count; ++fault) {
    if (world.chance(400)) {
      plan.faults.push_back(static_cast<Fault>(fault));
    }
  }
  // Older data under ids that were given out are noticed by those who have met these ids. If nobody
  // lives who has, nothing in the system can know, and nothing is promised.
  if (has(plan, Fault::restore_redis)) {
    for (const Fault fault :
         {Fault::crash_gateway, Fault::cut_gateway_power, Fault::drain_gateway}) {
      plan.faults.erase(std::remove(plan.faults.begin(), plan.faults.end(), fault),
                        plan.faults.end());
    }
  }
  plan.fault_interval_max =
      Duration{choose<std::int64_t>(world, std::array<std::int64_t, 4>{200, 1'000, 5'000, 20'000})};

  plan.gateways = world.between(1, 4);
  plan.clients = choose(world, std::array<std::size_t, 6>{1, 3, 10, 10, 40, 200});
  plan.publishers = world.between(1, 3);
  plan.registrations = world.between(1, 6);
  plan.publish_interval_max =
      Duration{choose<std::int64_t>(world, std::array<std::int64_t, 4>{20, 200, 1'000, 10'000})};
  plan.bare_per_mille = choose_rate(world, 600);
  plan.malformed_per_mille = choose_rate(world, 100);
  plan.same_key_per_mille = choose_rate(world, 200);

  plan.split_per_mille = choose_rate(world, 1'000);
  plan.slow_reader_per_mille = choose_rate(world, 300);
  plan.throttled_per_mille = choose_rate(world, 300);
  plan.drift_per_million_max = static_cast<std::int64_t>(choose_rate(world, 20'000));
  plan.delay_max = Duration{choose<std::int64_t>(world, std::array<std::int64_t, 3>{2, 50, 800})};
  plan.send_buffer_bytes = choose(world, std::array<std::size_t, 3>{2'000, 16'000, 200'000});

  plan.history_length_max = choose(world, std::array<std::size_t, 4>{8, 50, 10'000, 10'000});
  plan.page_entries_max = choose(world, std::array<std::size_t, 3>{20, 100, 1'000});
  plan.journal_count_max = choose(world, std::array<std::size_t, 4>{2, 20, 100'000, 100'000});
  plan.outbox_bytes_max = choose(world, std::array<std::size_t, 3>{1, 1'000, 65'536});
  return plan;
}

}  // namespace regstream::simulation
