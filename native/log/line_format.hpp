#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace regstream::logging {

enum class Format : std::uint8_t {
  text,  ///< "2026-01-31T12:00:00.000+00:00 warning …": for people.
  json   ///< One object a line: `time`, `level`, `event`, `message`, and the fields of the event.
};

/// A member of a line in JSON, and "name=value" at the end of one for people. The name is ours.
struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double> value;
};
using Fields = std::span<const Field>;

/// What spdlog writes before and behind a line (its pattern), which `compose` has made.
[[nodiscard]] std::string pattern_of(Format format);

/// One line without its time and its level. `event` names what it is about, as a constant of the
/// sources: alerts and searches can rely on it, where sentences are made better. `message` and the
/// fields' texts may be anybody's: the line stays one line, in well-formed UTF-8.
[[nodiscard]] std::string compose(Format format, std::string_view event, std::string_view message,
                                  Fields fields = {});

}  // namespace regstream::logging
