#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace regstream {

/// The milliseconds since the Unix epoch that the whole of `text` says, in one of two ways; nothing
/// where it says none from 0 to 2^53 - 1.
///
/// - Digits: milliseconds.
/// - ISO 8601's extended format with a zone, as RFC 3339 (section 5.6) narrows it:
///   `2023-12-13T18:43:20.5Z`. Beyond that RFC the seconds may be left out, and the zone be `+01`
///   or
///   `+0100`, as ISO 8601 allows and Java and PostgreSQL write them; the fraction may follow a
///   comma. A leap second is the first of the next minute. What is finer than a millisecond is
///   dropped.
///
/// A time without a zone is somebody's local time, and says nothing here.
[[nodiscard]] std::optional<std::int64_t> read_time_text(std::string_view text);

}  // namespace regstream
