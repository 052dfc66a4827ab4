#pragma once

#include <string>

#include <regstream/workflow/workflow.hpp>

/// What Redis's users have to be allowed, in the words of ACL SETUSER. docs/redis.md shows both,
/// and a test gives a Redis such users.
namespace regstream::broker {

/// Of publishers and gateways of the workflow: the least that all of it works with.
[[nodiscard]] std::string server_acl(const Workflow& workflow);

/// Of whoever asks sentinels for the primary.
[[nodiscard]] std::string sentinel_acl();

}  // namespace regstream::broker
