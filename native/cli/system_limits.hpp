#pragma once

#include <cstddef>

namespace regstream::cli {

/// Raises this process's limit on open files to what the system allows, and gives it. Each
/// connection takes one.
[[nodiscard]] std::size_t raise_open_files_limit();

/// How many of a process's open files its connections may take.
struct DescriptorShares {
  std::size_t sessions;  ///< Requests that are read and answered.
  std::size_t streams;
};

/// Shares `open_files` out: most to streams, some to requests, a few to the rest (the loops, Redis,
/// the sample's database, files being read). Throws std::runtime_error with one sentence if there
/// are less than 64, beside what `loops` of them take beyond the first.
[[nodiscard]] DescriptorShares share_descriptors(std::size_t open_files, std::size_t loops);

}  // namespace regstream::cli
