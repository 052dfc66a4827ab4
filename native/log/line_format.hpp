#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace regstream::logging {

enum class Format : std::uint8_t {
  text,  ///< For people: "2026-01-31T12:00:00.000+00:00 warning …".
  json   ///< One JSON object a line: `time`, `level`, `event`, `message`, and the event's fields.
};

/// A member of a JSON line, or "name=value" at the end of a text line. The name comes from the
/// sources.
struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double> value;
};
using Fields = std::span<const Field>;

/// spdlog's pattern, which writes what stands before and after a line that `compose` made.
[[nodiscard]] std::string pattern_of(Format format);

/// One line without its time and level. `event` names what the line is about. It is a constant, so
/// alerts and searches can rely on it even if a sentence is improved. `message` and the fields'
/// texts may come from others: the result is still one line in well-formed UTF-8.
[[nodiscard]] std::string compose(Format format, std::string_view event, std::string_view message,
                                  Fields fields = {});

}  // namespace regstream::logging
