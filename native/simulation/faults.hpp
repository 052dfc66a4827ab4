#pragma once

#include <cstdint>

#include "simulation/cast.hpp"
#include "simulation/chance.hpp"
#include "simulation/fault_schedule.hpp"

namespace regstream::simulation {

/// What goes wrong: carries out the plan's faults at their times.
class Faults {
 public:
  Faults(Cast& cast, std::uint64_t seed);

  void begin();
  /// No more faults: what is down comes up, and who believes to be offline is told better.
  void end();

 private:
  void plan_next();
  void commit(Fault fault, Chance& chance);
  void commit(Fault fault, ClientProcess& client, Chance& chance);
  void commit(Fault fault, GatewayProcess& gateway, Chance& chance);
  void restart_redis(bool with_older_data, Chance& chance);
  void lose_power(Chance& chance);
  void refuse_writes(Chance& chance);
  void fail_over(Chance& chance);
  void forge_messages(Chance& chance);
  void set_calendar(Chance& chance);
  void leap_clock(Chance& chance);

  [[nodiscard]] GatewayProcess& any_gateway(Chance& chance);
  [[nodiscard]] ClientProcess& any_client(Chance& chance);
  [[nodiscard]] PublisherProcess& any_publisher(Chance& chance);

  Cast& cast_;
  World& world_;
  FaultSchedule schedule_;
  std::uint64_t forged_ = 0;  // Messages.
  bool is_over_ = false;
};

}  // namespace regstream::simulation
