#pragma once

#include <cstdint>

#include "simulation/cast.hpp"
#include "simulation/chance.hpp"

namespace regstream::simulation {

/// Publishes a forged message on the channel; see `Forgery`. `number` makes it different from all
/// others, unless it is a copy.
void forge_message(Cast& cast, std::uint64_t number, Chance& chance);

}  // namespace regstream::simulation
