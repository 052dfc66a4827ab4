#pragma once

#include <cstdint>
#include <string>

#include <regstream/registration/view.hpp>
#include <regstream/time.hpp>

/// Times as `regstream watch` writes them. A timestamp is in milliseconds since the Unix epoch; 0
/// means that it is not known.
namespace regstream::watch {

/// "2023-12-13T18:43:20.500Z".
[[nodiscard]] std::string utc_text(std::int64_t timestamp_ms);

/// "18:43:20", where local time is `utc_offset` ahead of UTC.
[[nodiscard]] std::string clock_text(std::int64_t timestamp_ms, Duration utc_offset);

/// From the first stage's start to the newest update; nothing below 0, and 0 if either is not
/// known.
[[nodiscard]] Duration total_time(const RegistrationView& view);

/// How long the stage took, or has been running at `now_ms`. 0 if its start is not known.
[[nodiscard]] Duration stage_time(const StageView& stage, std::int64_t now_ms);

}  // namespace regstream::watch
