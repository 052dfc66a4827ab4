#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/workflow/registration.hpp>

namespace regstream::cli {

/// The workflows that `serve` serves: first the registration's, built in or as one of the files
/// declares it, and then the others of `files`. Throws std::invalid_argument with one sentence: the
/// mistake in a declaration (`FILE:LINE: MEMBER: WHAT`), or what two of them can't both have, or
/// one and the program with its own routes (`own_paths`, patterns of `net::Router`).
[[nodiscard]] std::vector<Workflow> read_served_workflows(
    const std::vector<std::string>& files, std::span<const std::string_view> own_paths);

/// Reads a declaration. Throws as `read_served_workflows` does.
[[nodiscard]] Workflow read_declared_workflow(const std::string& file);

}  // namespace regstream::cli
