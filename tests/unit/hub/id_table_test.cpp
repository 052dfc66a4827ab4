#include "hub/id_table.hpp"

#include <cstdint>
#include <set>
#include <string>

#include <catch2/catch.hpp>

using namespace regstream::hub;

TEST_CASE("A text keeps its number and no two texts share one") {
  IdTable table;
  std::set<std::int64_t> numbers;
  for (const char* text : {"a", "A", "a ", "1", "01", "import-2024", "\xc3\xa5"}) {
    const std::int64_t number = table.number_of(text);
    CHECK(number > 0);
    CHECK(numbers.insert(number).second);
    CHECK(table.number_of(text) == number);
  }
  CHECK(table.size() == 7);
}

TEST_CASE("What is swept away gets another number and what is named keeps its own") {
  IdTable table;
  const std::int64_t kept = table.number_of("kept");
  const std::int64_t gone = table.number_of("gone");
  table.sweep([&](std::int64_t number) { return number == kept; });
  CHECK(table.size() == 1);
  CHECK(table.number_of("kept") == kept);
  CHECK(table.number_of("gone") > gone);
}

TEST_CASE("Unused texts are swept away before there are many") {
  IdTable table;
  std::size_t sweeps = 0;
  for (int count = 0; count < 100'000; ++count) {
    if (table.is_sweep_due()) {
      ++sweeps;
      table.sweep([](std::int64_t /*number*/) { return false; });
    }
    static_cast<void>(table.number_of("made up " + std::to_string(count)));
    REQUIRE(table.size() <= IdTable::unswept_max);
  }
  CHECK(sweeps == 97);
}

TEST_CASE("The table holds at most twice the used texts and larger tables are swept less often") {
  IdTable table;
  std::size_t looks = 0;
  constexpr std::int64_t named = 10'000;
  for (int count = 0; count < 200'000; ++count) {
    if (table.is_sweep_due()) {
      table.sweep([&](std::int64_t number) {
        ++looks;
        return number <= named;
      });
    }
    static_cast<void>(table.number_of("made up " + std::to_string(count)));
    REQUIRE(table.size() <= 2 * named);
  }
  CHECK(table.size() >= named);
  CHECK(looks < 3 * 200'000);
}
