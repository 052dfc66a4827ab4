#pragma once

#include <string>

#include <regstream/time.hpp>

namespace regstream::logging {

/// A span of time for people, in its two largest units: "0.3 s", "12.0 s", "3 min 5 s", "2 h 7
/// min".
[[nodiscard]] std::string duration_text(Duration duration);

}  // namespace regstream::logging
