#pragma once

#include <string_view>

namespace regstream::broker {

/// The text of scripts/history: whatever is done to the history in Redis, it does.
extern const std::string_view history_script;

}  // namespace regstream::broker
