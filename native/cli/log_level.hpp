#pragma once

#include <string>

#include "cli/reload.hpp"

namespace regstream::cli {

/// Lets SIGHUP read the log's level from `file` again (`Configuration::file_for`); does nothing if
/// `file` is empty. The whole file is checked, as at the start. A mistake that would keep the
/// gateway from starting again is reported now, and leaves the level unchanged.
void follow_log_level(Reload& reload, const std::string& file);

}  // namespace regstream::cli
