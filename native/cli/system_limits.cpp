#include "cli/system_limits.hpp"

#include <sys/resource.h>

namespace regstream::cli {

std::size_t raise_open_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 1024;  // What Linux gives a process that asks for nothing.
  }
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
    return raised.rlim_cur;
  }
  return limit.rlim_cur;
}

}  // namespace regstream::cli
