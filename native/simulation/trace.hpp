#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <regstream/time.hpp>

namespace regstream::simulation {

/// What happened: the last lines, for people, and a hash over all lines (FNV-1a, 64 bits). Two runs
/// with the same hash did the same.
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
