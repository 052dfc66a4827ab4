#include "simulation/fault_schedule.hpp"

#include <algorithm>
#include <string>

namespace regstream::simulation {
namespace {

/// About twenty faults, each with a probability of 40 %.
constexpr int faults_of_a_plan = 8;

}  // namespace

FaultSchedule::FaultSchedule(std::uint64_t seed, std::span<const Fault> faults,
                             Duration interval_max)
    : wait_max_(interval_max * faults_of_a_plan) {
  for (const Fault fault : faults) {
    Chance chance{seed, "times of the fault: " + std::string{to_string(fault)}};
    const Instant first{chance.between(Duration{}, wait_max_)};
    pending_.push_back({.fault = fault, .time = first, .chance = chance});
  }
}

FaultSchedule::Next FaultSchedule::next() {
  Pending& earliest = *std::min_element(
      pending_.begin(), pending_.end(),
      [](const Pending& left, const Pending& right) { return left.time < right.time; });
  Next next{
      .time = earliest.time, .fault = earliest.fault, .chance = Chance{earliest.chance.seed()}};
  earliest.time += earliest.chance.between(Duration{}, wait_max_);
  return next;
}

}  // namespace regstream::simulation
