#pragma once

#include <string>
#include <vector>

#include "backend/record.hpp"

/// Records as JSON for the routes' responses. In text that is not valid UTF-8 (from a file that was
/// tampered with), malformed parts become U+FFFD.
namespace regstream::backend {

[[nodiscard]] std::string process_log_json(const std::vector<LogEntry>& entries);
[[nodiscard]] std::string registration_json(const Registration& registration);
/// `{"registrations":[…],"hasMore":…}`, each registration without accounts, details and process
/// log.
[[nodiscard]] std::string registrations_json(const RegistrationList& list);

}  // namespace regstream::backend
