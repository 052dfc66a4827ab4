#pragma once

#include <string>
#include <vector>

#include "backend/record.hpp"

/// Records as the JSON that the routes answer with. Text that is not valid UTF-8 (a file that was
/// tampered with) comes out with U+FFFD in it.
namespace regstream::backend {

[[nodiscard]] std::string process_log_json(const std::vector<LogEntry>& entries);
[[nodiscard]] std::string registration_json(const Registration& registration);
/// `{"registrations":[…],"hasMore":…}`, each without accounts, details and process log.
[[nodiscard]] std::string registrations_json(const RegistrationList& list);

}  // namespace regstream::backend
