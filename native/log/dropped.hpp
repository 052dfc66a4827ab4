#pragma once

#include <string_view>

#include <regstream/message/codec.hpp>

namespace regstream::logging {

/// Says that a message, which stood `where`, is no update: why, and of which instance of the
/// workflow it seems to be, if ids are numbers there. At most one line a reason in ten seconds.
/// Nothing of the message is quoted.
void warn_dropped(const DecodeError& error, std::string_view workflow, std::string_view where);

}  // namespace regstream::logging
