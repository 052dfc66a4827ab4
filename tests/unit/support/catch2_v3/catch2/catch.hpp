#pragma once

// Catch2 3 under the header and the names of Catch2 2, which the tests are written for.
#include <catch2/catch_all.hpp>

#include <concepts>
#include <string>
#include <utility>

namespace Catch {
namespace Matchers {

/// A part of a string. Catch2 3 means an element of a range by this name, also where the range is a
/// string.
template <std::convertible_to<std::string> Part>
StringContainsMatcher Contains(Part&& part) {
  return ContainsSubstring(std::forward<Part>(part));
}

}  // namespace Matchers

using Matchers::Contains;
using Matchers::EndsWith;
using Matchers::StartsWith;

}  // namespace Catch
