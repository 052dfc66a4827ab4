#pragma once

#include <cstddef>

namespace regstream::abi {

/// Does what memcmp does.
[[nodiscard]] int compare_bytes(const void* left, const void* right, std::size_t size);

}  // namespace regstream::abi
