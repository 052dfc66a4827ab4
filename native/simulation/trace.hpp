#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <regstream/time.hpp>

namespace regstream::simulation {

/// What happened, as lines for people, of which the last ones are kept, and as one number that all
/// of them went into (FNV-1a, 64 bits). Two runs with the same number did the same.
class Trace {
 public:
  explicit Trace(std::size_t lines_max) : lines_max_(lines_max) {}

  void note(Instant now, std::string_view line);

  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] const std::deque<std::string>& lines() const { return lines_; }

 private:
  void mix(std::string_view bytes);

  std::size_t lines_max_;
  std::deque<std::string> lines_;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace regstream::simulation
