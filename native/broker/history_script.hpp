#pragma once

#include <string_view>

namespace regstream::broker {

/// The text of scripts/history. All changes of the history in Redis are made by this script.
extern const std::string_view history_script;

}  // namespace regstream::broker
