#include "simulation/trace.hpp"

namespace regstream::simulation {

void Trace::note(Instant now, std::string_view line) {
  const std::string time = std::to_string(now.time_since_epoch().count());
  mix(time);
  mix(" ");
  mix(line);
  mix("\n");
  if (lines_max_ == 0) {
    return;
  }
  if (lines_.size() == lines_max_) {
    lines_.pop_front();
  }
  lines_.push_back(time + " ms  " + std::string{line});
}

void Trace::mix(std::string_view bytes) {
  for (const char byte : bytes) {
    hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  }
}

}  // namespace regstream::simulation
