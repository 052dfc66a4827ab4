#pragma once

#include "simulation/cast.hpp"

/// What must hold at the end, when no fault has happened for long enough. Each check throws
/// `Violation`.
namespace regstream::simulation {

/// Everything that was published has arrived, without another publish.
void check_caught_up(const Cast& cast);

/// Everybody is at the history's end, and nothing is left over. `is_settled`: each registration has
/// had a new validation since, so all views are equal.
void check_end(const Cast& cast, bool is_settled);

}  // namespace regstream::simulation
