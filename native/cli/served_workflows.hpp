#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/workflow/registration.hpp>

namespace regstream::cli {

/// Reads the workflows that `serve` serves: first registration, built in or declared by one of the
/// files, and then the others of `files`. Throws std::invalid_argument with one sentence for a
/// mistake in a declaration (`FILE:LINE: MEMBER: WHAT`), for a collision of two workflows, and for
/// a collision with the program's own routes (`own_paths`, patterns of `net::Router`).
[[nodiscard]] std::vector<Workflow> read_served_workflows(
    const std::vector<std::string>& files, std::span<const std::string_view> own_paths);

/// Reads a declaration. Throws as `read_served_workflows` does.
[[nodiscard]] Workflow read_declared_workflow(const std::string& file);

}  // namespace regstream::cli
