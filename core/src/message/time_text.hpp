#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace regstream {

/// Reads a time that is the whole of `text`, in milliseconds since the Unix epoch. Nothing if it is
/// not a time from 0 to 2^53 - 1 in one of two forms:
///
/// - Digits: milliseconds.
/// - ISO 8601's extended format with a zone, as RFC 3339 (section 5.6) narrows it:
///   `2023-12-13T18:43:20.5Z`. In addition to that RFC, the seconds may be missing, the zone may be
///   `+01` or `+0100`, as ISO 8601 allows and Java and PostgreSQL write it, and the fraction may
///   follow a comma. A leap second is the first second of the next minute. Digits below a
///   millisecond are dropped.
///
/// A time without a zone is a local time of an unknown place, and is not accepted.
[[nodiscard]] std::optional<std::int64_t> read_time_text(std::string_view text);

}  // namespace regstream
