#include "simulation/world.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "simulation/fault_plan.hpp"

using namespace regstream;
using namespace regstream::simulation;

TEST_CASE("Worlds share the time and the trace and each counts its own steps") {
  World host{1, 10};
  World guest{2, host, "guest"};
  std::vector<std::string> happened;
  host.after(Duration{5}, [&] { happened.emplace_back("host 5"); });
  guest.after(Duration{5}, [&] { happened.emplace_back("guest 5"); });
  guest.after(Duration{1}, [&] {
    happened.emplace_back("guest 1");
    guest.note("is first");
    host.note("is second");
  });
  REQUIRE(host.step());
  CHECK(guest.now() == Instant{Duration{1}});
  CHECK(host.steps() == 0);
  host.run_for(Duration{10});
  CHECK(happened == std::vector<std::string>{"guest 1", "host 5", "guest 5"});
  CHECK(host.steps() == 1);
  CHECK(guest.steps() == 2);
  CHECK(guest.now() == Instant{Duration{11}});
  CHECK_FALSE(guest.step());
  const auto& lines = host.loop().trace().lines();
  CHECK(std::vector<std::string>(lines.begin(), lines.end()) ==
        std::vector<std::string>{"1 ms  guest, is first", "1 ms  is second"});
}

TEST_CASE("Draws of one world do not change another's") {
  World alone{1, 0};
  World host{1, 0};
  World guest{2, host, "guest"};
  const auto drawn = guest.seed();
  CHECK(host.seed() == alone.seed());
  CHECK(drawn != World{1, 0}.seed());
}

TEST_CASE("A guest uses the host's machines and leaves their faults to the host") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const FaultPlan host = choose_fault_plan(seed);
    const FaultPlan guest = choose_guest_plan(seed + 1'000, host);
    CHECK(guest.gateways == host.gateways);
    CHECK(guest.is_redis_durable == host.is_redis_durable);
    for (const Fault fault : guest.faults) {
      CHECK_FALSE(befalls_machines(fault));
    }
  }
}
