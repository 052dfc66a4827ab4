#pragma once

#include <cstdint>

namespace regstream {

/// SplitMix64, a seeded generator that gives the same numbers on every machine (Steele, Lea and
/// Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014). For spreading load, not
/// for secrets.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31U);
  }

  /// Returns a number from 0 to `most`, both included. The modulo's bias is below `most` / 2^64.
  constexpr std::uint64_t up_to(std::uint64_t most) {
    return most == UINT64_MAX ? next() : next() % (most + 1);
  }

 private:
  std::uint64_t state_;
};

}  // namespace regstream
