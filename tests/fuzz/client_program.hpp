#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/connection/connection.hpp>
#include <regstream/message/update.hpp>

/// Reads the lines of client_fuzz.cpp's programs.
namespace regstream::fuzz {

inline constexpr std::int64_t registration_id = 42;

/// Removes a number with its sign from `text` and returns it; one that does not fit becomes the
/// largest.
inline std::optional<std::int64_t> take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const bool is_negative = text.starts_with('-');
  text.remove_prefix(is_negative ? 1 : 0);
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  std::optional<std::int64_t> number;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    const std::int64_t digit = text.front() - '0';
    const std::int64_t before = number.value_or(0);
    number = before > (largest - digit) / 10 ? largest : before * 10 + digit;
    text.remove_prefix(1);
  }
  return is_negative && number ? std::optional{-*number} : number;
}

/// The options in the first line.
struct Options {
  bool polls_always = true;
  ConnectionOptions connection;
};

inline Options options_of(std::string_view line) {
  Options options;
  ConnectionOptions& connection = options.connection;
  options.polls_always = take_number(line).value_or(1) != 0;
  connection.policy =
      take_number(line).value_or(0) == 0 ? RetryPolicy::resilient : RetryPolicy::standard;
  connection.needs_token = take_number(line).value_or(0) != 0;
  for (Duration* const duration :
       {&connection.backoff.base, &connection.backoff.cap, &connection.reconnection_time,
        &connection.reconnection_time_max, &connection.connect_timeout, &connection.ping_interval,
        &connection.stable_after, &connection.wake_spacing_min, &connection.late_grace,
        &connection.offline_probe_interval, &connection.change_delay}) {
    *duration = Duration{take_number(line).value_or(duration->count())};
  }
  connection.can_see = take_number(line).value_or(0) != 0;
  connection.polls.are_possible = take_number(line).value_or(0) != 0;
  return options;
}

/// The update of a `g` line, such as `1sp 500`.
inline Update update_of(std::string_view line) {
  const auto next = [&line] {
    const char letter = line.empty() ? ' ' : line.front();
    line.remove_prefix(line.empty() ? 0 : 1);
    return letter;
  };
  Update update{.registration_id = registration_id,
                .status = {},
                .stage = std::string(1, next()),
                .stage_status = {},
                .message = "a message",
                .details = {},
                .process_log = {},
                .timestamp_ms = 0};
  switch (next()) {
    case 's':
      update.stage_status = StageStatus::started;
      break;
    case 'f':
      update.stage_status = StageStatus::failed;
      break;
    case 'k':
      update.stage_status = StageStatus::skipped;
      break;
    case '-':
      update.stage.clear();
      break;
    default:
      update.stage_status = StageStatus::completed;
  }
  const char status = next();
  for (const Status known :
       {Status::pending, Status::approved, Status::duplicate, Status::failed, Status::completed}) {
    if (to_string(known).front() + ('a' - 'A') == status) {
      update.status = to_string(known);
    }
  }
  if (update.status.empty()) {
    update.status = "ON_HOLD";
  }
  update.timestamp_ms =
      std::clamp(take_number(line).value_or(0), std::int64_t{0}, registration_id_max);
  return update;
}

}  // namespace regstream::fuzz
