#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <regstream/message/status.hpp>

namespace regstream {

/// One stage of a validation, as far as it is known.
struct StageView {
  std::string name;
  StageStatus status = StageStatus::started;
  std::string message;
  std::int64_t started_timestamp_ms = 0;  ///< 0: its start was not seen.
  std::int64_t ended_timestamp_ms = 0;    ///< 0: it has not ended.

  friend bool operator==(const StageView&, const StageView&) = default;
};

/// Everything that is known of one registration.
struct RegistrationView {
  std::int64_t registration_id = 0;
  std::string status;             ///< As sent; empty before the first update.
  std::string stage;              ///< The stage last heard of in this validation.
  std::vector<StageView> stages;  ///< In the order in which they appeared.
  std::string message;
  std::string details;            ///< JSON text of an object, or empty.
  std::string process_log;        ///< JSON text of an array, or empty.
  std::int64_t timestamp_ms = 0;  ///< Of the newest update.
  bool is_final = false;

  friend bool operator==(const RegistrationView&, const RegistrationView&) = default;
};

}  // namespace regstream
