#include "log/duration_text.hpp"

#include <chrono>

#include <spdlog/fmt/fmt.h>

namespace regstream::logging {

std::string duration_text(Duration duration) {
  using namespace std::chrono;
  if (duration < minutes{1}) {
    return fmt::format("{}.{} s", duration / seconds{1}, duration % seconds{1} / milliseconds{100});
  }
  if (duration < hours{1}) {
    return fmt::format("{} min {} s", duration / minutes{1}, duration % minutes{1} / seconds{1});
  }
  return fmt::format("{} h {} min", duration / hours{1}, duration % hours{1} / minutes{1});
}

}  // namespace regstream::logging
