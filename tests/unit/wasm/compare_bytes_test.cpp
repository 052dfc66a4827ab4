#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "compare_bytes.hpp"

using regstream::abi::compare_bytes;

namespace {

int sign(int value) {
  return (value > 0) - (value < 0);
}

}  // namespace

TEST_CASE("bytes are compared as memcmp does at every size and position of a difference") {
  for (std::size_t size = 0; size <= 40; ++size) {
    const std::string left(size, 'm');
    CHECK(compare_bytes(left.data(), std::string(left).data(), size) == 0);
    for (std::size_t at = 0; at < size; ++at) {
      for (const char other : {'a', 'z', '\xff', '\0'}) {
        std::string right = left;
        right[at] = other;
        if (at + 1 < size) {
          right[at + 1] = other == 'a' ? 'z' : 'a';
        }
        CAPTURE(size, at);
        CHECK(sign(compare_bytes(left.data(), right.data(), size)) ==
              sign(std::memcmp(left.data(), right.data(), size)));
      }
    }
  }
}
