#include "log/dropped.hpp"

#include <cstdint>
#include <string>

#include "log/log.hpp"

namespace regstream::logging {
namespace {

/// Each reason has its own lines. It has a name, because Clang 14 can't compile the call on a
/// temporary.
constexpr Condition dropped{"dropped"};

}  // namespace

void warn_dropped(const DecodeError& error, std::string_view workflow, std::string_view where) {
  std::string instance;
  if (error.registration_id != 0) {
    instance.append(", ").append(workflow).append(" ").append(
        std::to_string(error.registration_id));
  }
  warn(dropped.of_kind(static_cast<std::uint8_t>(error.reason)).about(workflow),
       "a message {} is not an update, and was dropped ({}{}): {}", where, to_string(error.reason),
       instance, error.what);
}

}  // namespace regstream::logging
