#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <regstream/message/status.hpp>

/// The JSON texts that `Publisher` publishes, for who keeps them first: an outbox, say, that is
/// written in the transaction of the change that an update tells. They throw as `Publisher` does.
namespace regstream {

[[nodiscard]] std::string make_stage_update(std::int64_t registration_id, std::string_view stage,
                                            StageStatus stage_status, std::string_view message,
                                            std::int64_t timestamp_ms);

/// `details` and `process_log` as for `Publisher::publishFinalStatus`.
[[nodiscard]] std::string make_final_status(std::int64_t registration_id, Status status,
                                            std::string_view message, std::string_view details,
                                            std::string_view process_log,
                                            std::int64_t timestamp_ms);

}  // namespace regstream
