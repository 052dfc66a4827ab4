#pragma once

#include <regstream/time.hpp>

#include "json/field.hpp"

namespace regstream::harness {

/// Reads "250ms", "2s", "5m" or "1h". A number without a unit is refused. Throws
/// `json_fields::Refused`.
[[nodiscard]] Duration read_duration(const json_fields::Field& field);

}  // namespace regstream::harness
