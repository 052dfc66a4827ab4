#include "log/dropped.hpp"

#include <cstdint>
#include <string>

#include "log/log.hpp"

namespace regstream::logging {

void warn_dropped(const DecodeError& error, std::string_view where) {
  const std::string registration = error.registration_id == 0
                                       ? std::string{}
                                       : ", registration " + std::to_string(error.registration_id);
  // Each reason has lines of its own.
  warn(Condition{"dropped"}.of_kind(static_cast<std::uint8_t>(error.reason)),
       "a message {} is no update, and was dropped ({}{}): {}", where, to_string(error.reason),
       registration, error.what);
}

}  // namespace regstream::logging
