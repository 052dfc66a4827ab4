#pragma once

#include <cstdint>

#include "simulation/cast.hpp"
#include "simulation/chance.hpp"

namespace regstream::simulation {

/// Somebody puts on the channel what is not of the history, as `Forgery` says. `number` makes the
/// message another one than all others, unless it is a copy.
void forge_message(Cast& cast, std::uint64_t number, Chance& chance);

}  // namespace regstream::simulation
