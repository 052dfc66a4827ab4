#pragma once

#include <string_view>

#include <regstream/message/codec.hpp>

namespace regstream::logging {

/// Logs that a message, found at `where`, is not an update: why, and which instance it seems to be
/// about, if the workflow's ids are numbers. At most one line for each reason in ten seconds. The
/// message is not quoted.
void warn_dropped(const DecodeError& error, std::string_view workflow, std::string_view where);

}  // namespace regstream::logging
