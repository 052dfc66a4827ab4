#include "cli/system_limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace regstream::cli {

namespace {

// With fewer files, one page with its streams would not fit.
constexpr std::size_t open_files_min = 64;

// Besides connections, 20 files are open with the sample, its two SQLite files and a connection
// being accepted. If the limit allows it, some more are reserved for what a library may open.
constexpr std::size_t reserved_min = 24;
constexpr std::size_t reserved_max = 64;

// Files of each loop beyond the first: its queue, its timers, its wake-up and its acceptor.
constexpr std::size_t of_loop = 4;

}  // namespace

std::size_t raise_open_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 1024;  // Linux's default.
  }
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
    return raised.rlim_cur;
  }
  return limit.rlim_cur;
}

DescriptorShares share_descriptors(std::size_t open_files, std::size_t loops) {
  const std::size_t of_loops = (loops - 1) * of_loop;
  if (open_files < open_files_min + of_loops) {
    throw std::runtime_error(
        "this process may open only " + std::to_string(open_files) + " files, but serving needs " +
        std::to_string(open_files_min + of_loops) + ": raise the limit with ulimit -n");
  }
  const std::size_t left = open_files - of_loops;
  const std::size_t connections = left - std::clamp(left / 4, reserved_min, reserved_max);
  return {.sessions = connections / 4, .streams = connections - connections / 4};
}

}  // namespace regstream::cli
