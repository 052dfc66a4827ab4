#include <regstream/sse/heartbeat.hpp>

#include <regstream/sse/encoder.hpp>

#include "text/digits.hpp"

namespace regstream::sse {
namespace {

constexpr std::string_view announcement = " heartbeat ";

/// The digits of `heartbeat_interval_max`.
constexpr std::size_t digits_max = 7;

}  // namespace

void append_heartbeat(std::string& out, Duration interval) {
  append_comment(out, std::string{announcement} + std::to_string(interval.count()));
}

std::optional<Duration> parse_heartbeat(std::string_view comment) {
  if (!comment.starts_with(announcement)) {
    return std::nullopt;
  }
  const std::string_view digits = comment.substr(announcement.size());
  if (!text::is_digits(digits) || digits.size() > digits_max) {
    return std::nullopt;
  }
  Duration::rep interval = 0;
  for (const char digit : digits) {
    interval = interval * 10 + (digit - '0');
  }
  const bool is_sane = interval > 0 && interval <= heartbeat_interval_max.count();
  return is_sane ? std::optional{Duration{interval}} : std::nullopt;
}

}  // namespace regstream::sse
