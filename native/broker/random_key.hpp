#pragma once

#include <string>

namespace regstream::broker {

/// 128 random bits of the system, as 32 hexadecimal digits: no other process has the same.
[[nodiscard]] std::string random_key();

}  // namespace regstream::broker
