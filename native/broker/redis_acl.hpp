#pragma once

#include <string>

#include <regstream/workflow/workflow.hpp>

/// The permissions that Redis users need, in the syntax of ACL SETUSER. docs/redis.md shows both,
/// and a test gives a Redis such users.
namespace regstream::broker {

/// For the workflow's publishers and gateways: the minimum with which everything works.
[[nodiscard]] std::string server_acl(const Workflow& workflow);

/// For clients that ask sentinels for the primary.
[[nodiscard]] std::string sentinel_acl();

}  // namespace regstream::broker
