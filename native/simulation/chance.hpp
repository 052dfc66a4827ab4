#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <regstream/random.hpp>
#include <regstream/time.hpp>

namespace regstream::simulation {

/// The random numbers of one concern of a run. Each concern has its own generator, seeded with its
/// name. So a draw for one concern doesn't change the others, and a new fault or limit doesn't
/// change what older seeds do elsewhere.
class Chance {
 public:
  Chance(std::uint64_t seed, std::string_view concern) : random_(seed ^ hash(concern)) {}
  explicit Chance(std::uint64_t seed) : random_(seed) {}

  /// Includes both ends.
  [[nodiscard]] std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + random_.up_to(most - least);
  }
  [[nodiscard]] Duration between(Duration least, Duration most) {
    return least + Duration{random_.up_to(static_cast<std::uint64_t>((most - least).count()))};
  }
  /// True with this probability, in thousandths.
  [[nodiscard]] bool chance(std::uint64_t per_mille) { return random_.up_to(999) < per_mille; }
  [[nodiscard]] std::size_t index(std::size_t count) {
    return static_cast<std::size_t>(random_.up_to(count - 1));
  }
  /// A seed for another generator.
  [[nodiscard]] std::uint64_t seed() { return random_.next(); }

 private:
  /// FNV-1a of 64 bits.
  [[nodiscard]] static constexpr std::uint64_t hash(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char byte : text) {
      hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
    }
    return hash;
  }

  Random random_;
};

}  // namespace regstream::simulation
