#include "configuration/nearest_name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace regstream::configuration {
namespace {

constexpr std::size_t length_max = 64;

// "Optimal string alignment". Only the last three rows of its table are needed.
std::size_t slips_between(std::string_view left, std::string_view right) {
  std::array<std::array<std::size_t, length_max + 1>, 3> rows{};
  for (std::size_t column = 0; column <= right.size(); ++column) {
    rows[0][column] = column;
  }
  for (std::size_t row = 1; row <= left.size(); ++row) {
    auto& current = rows[row % 3];
    const auto& above = rows[(row - 1) % 3];
    current[0] = row;
    for (std::size_t column = 1; column <= right.size(); ++column) {
      const std::size_t differs = left[row - 1] == right[column - 1] ? 0 : 1;
      current[column] =
          std::min({above[column] + 1, current[column - 1] + 1, above[column - 1] + differs});
      if (row > 1 && column > 1 && left[row - 1] == right[column - 2] &&
          left[row - 2] == right[column - 1]) {
        current[column] = std::min(current[column], rows[(row - 2) % 3][column - 2] + 1);
      }
    }
  }
  return rows[left.size() % 3][right.size()];
}

}  // namespace

std::string suggest_name(std::string_view wrong, const std::vector<std::string>& names) {
  if (wrong.size() > length_max) {
    return {};
  }
  const std::string* nearest = nullptr;
  // With more than one slip in three letters, a suggestion would be a guess.
  std::size_t fewest = wrong.size() / 3 + 2;
  for (const std::string& name : names) {
    if (name.size() > length_max) {
      continue;
    }
    const std::size_t slips = slips_between(wrong, name);
    if (slips < fewest) {
      fewest = slips;
      nearest = &name;
    }
  }
  return nearest == nullptr ? std::string() : "; did you mean " + *nearest + "?";
}

}  // namespace regstream::configuration
