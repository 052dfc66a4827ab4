#pragma once

#include "simulation/cast.hpp"

/// What must hold in the end, when no fault has happened for long enough. Each throws `Violation`.
namespace regstream::simulation {

/// Nobody has to publish anything for what was published before to arrive.
void check_caught_up(const Cast& cast);

/// Everybody is at the history's end, and nothing is left over. `is_settled`: each registration has
/// begun anew since, so that all see the same.
void check_end(const Cast& cast, bool is_settled);

}  // namespace regstream::simulation
