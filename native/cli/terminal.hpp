#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

/// What commands write for people and for pipes. Nothing of others reaches a terminal as it came.
namespace regstream::cli {

/// Prints one line of JSON to stdout at once: whoever watches a live stream sees an event when it
/// is there. What could command a terminal is escaped, whether stdout is one or not; ill-formed
/// UTF-8, such as a server's own words may be, becomes U+FFFD.
void print_json(const nlohmann::ordered_json& line);

/// Prints one line, of at most 4 KiB, to stdout if that needs no waiting for whoever reads it.
/// False: it would; try again later.
[[nodiscard]] bool try_print(std::string_view line);

/// Prints "regstream COMMAND: what" to stderr, `printable_message`; without `command` "regstream:".
void complain(std::string_view command, std::string_view what);

}  // namespace regstream::cli
