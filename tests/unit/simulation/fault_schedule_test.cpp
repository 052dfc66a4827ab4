#include "simulation/fault_schedule.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "simulation/world.hpp"

using namespace regstream;
using namespace regstream::simulation;

namespace {

constexpr std::uint64_t seed = 42;

/// When, and the first two numbers that the fault draws.
struct Happening {
  Instant time;
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  friend bool operator==(const Happening&, const Happening&) = default;
};

/// The occurrences of `fault` in a schedule of `faults`. The other faults draw many numbers.
std::vector<Happening> happenings(const std::vector<Fault>& faults, Fault fault) {
  FaultSchedule schedule{seed, faults, Duration{1'000}};
  std::vector<Happening> happened;
  while (happened.size() < 50) {
    FaultSchedule::Next next = schedule.next();
    const std::uint64_t first = next.chance.seed();
    const std::uint64_t second = next.chance.seed();
    if (next.fault == fault) {
      happened.push_back({next.time, first, second});
    }
  }
  return happened;
}

}  // namespace

TEST_CASE("A fault that is added or removed or moved does not change the others' times and draws") {
  const std::vector<Fault> some{Fault::reset_stream, Fault::crash_gateway, Fault::set_calendar};
  const std::vector<Fault> fewer{Fault::reset_stream, Fault::set_calendar};
  const std::vector<Fault> more{Fault::lose_power, Fault::set_calendar, Fault::stall_stream,
                                Fault::crash_gateway, Fault::reset_stream};
  for (const Fault fault : fewer) {
    const std::vector<Happening> before = happenings(some, fault);
    CHECK(happenings(fewer, fault) == before);
    CHECK(happenings(more, fault) == before);
  }
  CHECK(happenings(some, Fault::reset_stream) != happenings(some, Fault::set_calendar));
}

TEST_CASE("What a fault draws does not change its later times and draws") {
  const std::vector<Fault> faults{Fault::reset_stream};
  FaultSchedule one{seed, faults, Duration{1'000}};
  FaultSchedule other{seed, faults, Duration{1'000}};
  for (int round = 0; round < 50; ++round) {
    FaultSchedule::Next left = one.next();
    FaultSchedule::Next right = other.next();
    CHECK(left.time == right.time);
    CHECK(left.chance.seed() == right.chance.seed());
    static_cast<void>(right.chance.seed());  // It draws once more.
  }
}

TEST_CASE("Faults happen in the order of their times and as often as planned") {
  const std::vector<Fault> faults{Fault::reset_stream, Fault::crash_gateway};
  FaultSchedule schedule{seed, faults, Duration{1'000}};
  Instant last{};
  for (int count = 0; count < 1'000; ++count) {
    const Instant time = schedule.next().time;
    REQUIRE(time >= last);
    last = time;
  }
  // Two of eight: every two seconds on average.
  CHECK(last > Instant{Duration{1'800'000}});
  CHECK(last < Instant{Duration{2'200'000}});
  CHECK(FaultSchedule{seed, {}, Duration{1'000}}.empty());
}

TEST_CASE("Draws for one concern do not change others") {
  World quiet{seed, 0};
  World busy{seed, 0};
  Chance unrelated{seed, "something new"};
  static_cast<void>(unrelated.seed());
  CHECK(quiet.seed() == busy.seed());
  CHECK(Chance{seed, "one"}.seed() == Chance{seed, "one"}.seed());
  CHECK(Chance{seed, "one"}.seed() != Chance{seed, "another"}.seed());
  CHECK(Chance{seed, "one"}.seed() != Chance{seed + 1, "one"}.seed());
}
