#pragma once

#include <regstream/time.hpp>

#include "json/field.hpp"

namespace regstream::harness {

/// "250ms", "2s", "5m", "1h": a bare number would leave the unit open. Throws
/// `json_fields::Refused`.
[[nodiscard]] Duration read_duration(const json_fields::Field& field);

}  // namespace regstream::harness
