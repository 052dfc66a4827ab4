#include "log/dropped.hpp"

#include <array>
#include <cstddef>
#include <string>

#include "log/log.hpp"

namespace regstream::logging {
namespace {

/// In the order of `DropReason`: each reason has lines of its own.
constexpr std::array<Condition, drop_reason_names.size()> conditions{
    Condition{"dropped tooLong"},        Condition{"dropped notJson"},
    Condition{"dropped notAnObject"},    Condition{"dropped tooDeep"},
    Condition{"dropped registrationId"}, Condition{"dropped status"},
    Condition{"dropped stage"}};

}  // namespace

void warn_dropped(const DecodeError& error, std::string_view where) {
  const std::string registration = error.registration_id == 0
                                       ? std::string{}
                                       : ", registration " + std::to_string(error.registration_id);
  warn(conditions[static_cast<std::size_t>(error.reason)],
       "a message {} is no update, and was dropped ({}{}): {}", where, to_string(error.reason),
       registration, error.what);
}

}  // namespace regstream::logging
