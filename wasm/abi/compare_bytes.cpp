#include "compare_bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace regstream::abi {
namespace {

template <typename Word>
bool is_same(const unsigned char* a, const unsigned char* b) {
  Word first;
  Word second;
  __builtin_memcpy(&first, a, sizeof first);
  __builtin_memcpy(&second, b, sizeof second);
  return first == second;
}

/// `size` is at least one word; the last word may overlap the one before it.
template <typename Word>
bool is_same_by(const unsigned char* a, const unsigned char* b, std::size_t size) {
  std::size_t at = 0;
  for (; size - at > sizeof(Word); at += sizeof(Word)) {
    if (!is_same<Word>(a + at, b + at)) {
      return false;
    }
  }
  return is_same<Word>(a + size - sizeof(Word), b + size - sizeof(Word));
}

}  // namespace

int compare_bytes(const void* left, const void* right, std::size_t size) {
  const auto* a = static_cast<const unsigned char*>(left);
  const auto* b = static_cast<const unsigned char*>(right);
  if (size >= sizeof(std::uint64_t)
          ? is_same_by<std::uint64_t>(a, b, size)
          : size >= sizeof(std::uint32_t) && is_same_by<std::uint32_t>(a, b, size)) {
    return 0;
  }
  for (std::size_t at = 0; at < size; ++at) {
    if (a[at] != b[at]) {
      return a[at] - b[at];
    }
  }
  return 0;
}

}  // namespace regstream::abi

#ifdef __wasm__
/// Replaces the C library's memcmp for WASM, which compares byte by byte. Keys, stages and statuses
/// are found by it, so it shows in a profile.
extern "C" [[gnu::noinline]] int memcmp(const void* left, const void* right, std::size_t size) {
  return regstream::abi::compare_bytes(left, right, size);
}
#endif
