#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <regstream/workflow/registration_status.hpp>

namespace regstream {

/// The status of one stage.
enum class StageStatus : std::uint8_t { started, completed, failed, skipped };

/// The wire name ("started").
[[nodiscard]] std::string_view to_string(StageStatus status);
[[nodiscard]] std::optional<StageStatus> parse_stage_status(std::string_view name);

/// The contract's rule for publishers that send no `stageStatus`: a message with the word "started"
/// means started; anything else means completed.
[[nodiscard]] StageStatus infer_stage_status(std::string_view message);

}  // namespace regstream
