#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>

#include <catch2/catch.hpp>

#include "harness/scenario_reader.hpp"

using namespace regstream::harness;

TEST_CASE("Every shipped scenario can be played and has a description") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SCENARIOS)) {
    INFO(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto result = read_scenario(text);
    if (const auto* const problem = std::get_if<JsonProblem>(&result)) {
      FAIL(problem->line << ": " << problem->field << ": " << problem->what);
    }
    CHECK_FALSE(std::get<Scenario>(result).description.empty());
    ++count;
  }
  CHECK(count == 13);
}
