#include "net/letter_case.hpp"

#include <catch2/catch.hpp>
#include <vector>

using regstream::net::equals_ignoring_case;

TEST_CASE("names are the same whatever the case of their ASCII letters") {
  CHECK(equals_ignoring_case("Content-Type", "content-tYPE"));
  CHECK(equals_ignoring_case("", ""));
  CHECK_FALSE(equals_ignoring_case("Content-Type", "Content-Typ"));
  CHECK_FALSE(equals_ignoring_case("Content-Type", "Content_Type"));
  // '@' and '[' stand beside the letters, and their other case would be '`' and '{'.
  CHECK_FALSE(equals_ignoring_case("@[", "`{"));
}

TEST_CASE("nothing after a name is read") {
  // In memory of its own, so that the sanitizer sees a read beyond the end.
  const std::vector<char> name{'H', 'o', 's', 't'};
  CHECK(equals_ignoring_case({name.data(), name.size()}, "host"));
}
