#pragma once

#include <cstdint>
#include <string>

#include <regstream/message/status.hpp>

namespace regstream {

/// Registration ids are JSON numbers that JavaScript reads as doubles: 1 to 2^53 - 1.
inline constexpr std::int64_t registration_id_max = (std::int64_t{1} << 53) - 1;

/// One message of the channel: a stage update (`stage` is set) or a status update.
struct Update {
  std::int64_t registration_id = 0;
  std::string status;  ///< As sent ("PENDING"); see `parse_status`.
  std::string stage;   ///< Empty in a status update.
  /// Of `stage`; inferred from `message` where the publisher sent none.
  StageStatus stage_status = StageStatus::completed;
  std::string message;
  std::string details;      ///< JSON text of an object exactly as sent, or empty.
  std::string process_log;  ///< JSON text of an array exactly as sent, or empty.
  std::int64_t timestamp_ms = 0;
};

}  // namespace regstream
