#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simulation/cast.hpp"
#include "simulation/chance.hpp"
#include "simulation/fault_schedule.hpp"

namespace regstream::simulation {

/// Carries out the plan's faults of one cast at their times. A fault of the machines also affects
/// the guests on them.
class Faults {
 public:
  explicit Faults(Cast& cast, std::vector<Cast*> guests = {});

  void begin();
  /// Ends all faults: what is down comes up, and clients that believe to be offline get an online
  /// signal.
  void end();

 private:
  void plan_next();
  void commit(Fault fault, Chance& chance);
  void commit(Fault fault, ClientProcess& client, Chance& chance);
  void commit(Fault fault, std::size_t gateway, Chance& chance);
  void start_later(std::size_t gateway, Duration wait);
  void come_up_later(Duration wait);
  void restart_redis(bool with_older_data, Chance& chance);
  void lose_power(Chance& chance);
  void refuse_writes(Chance& chance);
  void fail_over(Chance& chance);
  void replace_primary(Fault fault, const Chance& chance);
  void forge_messages(Chance& chance);
  void set_calendar(Chance& chance);
  void leap_clock(Chance& chance);

  [[nodiscard]] std::size_t any_gateway(Chance& chance);
  [[nodiscard]] ProcessClock& any_gateway_clock(Chance& chance);
  [[nodiscard]] ClientProcess& any_client(Chance& chance);
  [[nodiscard]] PublisherProcess& any_publisher(Chance& chance);

  Cast& cast_;
  const std::vector<Cast*> casts_;  // The cast and the guests on its machines.
  World& world_;
  FaultSchedule schedule_;
  std::uint64_t forged_ = 0;  // Messages.
  bool is_over_ = false;
};

}  // namespace regstream::simulation
