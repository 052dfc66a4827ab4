#pragma once

#include <string>

#include "net/exchange.hpp"

namespace regstream::net {

/// Sets what every answer carries, whatever its status.
void set_common_fields(Response& response);

/// The same as lines, each with its end, for a head that is written by hand.
[[nodiscard]] std::string common_field_lines();

}  // namespace regstream::net
