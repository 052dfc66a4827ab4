#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace regstream::fuzz {

/// Aborts unless the claim holds. Then the fuzzer keeps the input.
inline void check(bool holds, std::string_view claim) {
  if (!holds) {
    std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(claim.size()), claim.data());
    std::abort();
  }
}

}  // namespace regstream::fuzz
