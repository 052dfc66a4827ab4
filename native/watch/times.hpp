#pragma once

#include <cstdint>
#include <string>

#include <regstream/registration/view.hpp>
#include <regstream/time.hpp>

/// Times for `regstream watch`. A timestamp is in milliseconds since the Unix epoch; 0 means that
/// it is unknown.
namespace regstream::watch {

/// "2023-12-13T18:43:20.500Z".
[[nodiscard]] std::string utc_text(std::int64_t timestamp_ms);

/// "18:43:20" in a time zone that is `utc_offset` ahead of UTC.
[[nodiscard]] std::string clock_text(std::int64_t timestamp_ms, Duration utc_offset);

/// From the start of the first stage to the newest update. 0 if either is unknown, or the result is
/// negative.
[[nodiscard]] Duration total_time(const RegistrationView& view);

/// How long the stage took, or has been running at `now_ms`. 0 if its start is unknown.
[[nodiscard]] Duration stage_time(const StageView& stage, std::int64_t now_ms);

}  // namespace regstream::watch
