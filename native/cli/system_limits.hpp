#pragma once

#include <cstddef>

namespace regstream::cli {

/// Raises this process's limit on open files to what the system allows, and returns it. Each
/// connection needs one.
[[nodiscard]] std::size_t raise_open_files_limit();

/// How many of a process's open files its connections may use.
struct DescriptorShares {
  std::size_t sessions;  ///< Requests that are read and answered.
  std::size_t streams;
};

/// Divides `open_files`: most are for streams, some for requests, and a few for the rest (the
/// loops, Redis, the sample's database, files being read). Throws std::runtime_error with one
/// sentence if there are fewer than 64, plus what the loops beyond the first need.
[[nodiscard]] DescriptorShares share_descriptors(std::size_t open_files, std::size_t loops);

}  // namespace regstream::cli
