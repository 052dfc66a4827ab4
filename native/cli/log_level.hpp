#pragma once

#include <string>

#include "cli/reload.hpp"

namespace regstream::cli {

/// From now on SIGHUP reads the log's level from `file` anew (`Configuration::file_for`); nothing
/// happens if it is empty. The whole file is checked, as at the start: what would keep the gateway
/// from starting again is said now, and leaves the level as it is.
void follow_log_level(Reload& reload, const std::string& file);

}  // namespace regstream::cli
