#include <chrono>

#include <catch2/catch.hpp>

#include "log/duration_text.hpp"

using namespace std::chrono_literals;
using regstream::logging::duration_text;

TEST_CASE("a span of time is shown in its two largest units") {
  CHECK(duration_text(0ms) == "0.0 s");
  CHECK(duration_text(349ms) == "0.3 s");
  CHECK(duration_text(59'999ms) == "59.9 s");
  CHECK(duration_text(60s) == "1 min 0 s");
  CHECK(duration_text(59min + 59s) == "59 min 59 s");
  CHECK(duration_text(26h + 7min) == "26 h 7 min");
}
