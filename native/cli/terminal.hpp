#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include <regstream/time.hpp>

/// What commands write for people and for pipes. Nothing of others reaches a terminal as it came.
namespace regstream::cli {

/// Prints one line of JSON to stdout at once: whoever watches a live stream sees an event when it
/// is there. What could command a terminal is escaped, whether stdout is one or not; ill-formed
/// UTF-8, such as a server's own words may be, becomes U+FFFD.
void print_json(const nlohmann::ordered_json& line);

/// How long the program waits for whoever reads what it says, before it goes on unheard.
inline constexpr Duration reader_patience{1'000};

/// Prints one line, of at most 4 KiB, to stdout. False: whoever reads it has not made room for it
/// within `patience`, and nothing was written; try again later.
[[nodiscard]] bool try_print(std::string_view line, Duration patience = Duration::zero());

/// Prints lines to stderr, `printable_message`, or what of them is read within `reader_patience`.
void print_error(std::string_view text);

/// The same of one line: "regstream COMMAND: what"; without `command` "regstream: what".
void complain(std::string_view command, std::string_view what);

/// Opens /dev/null as stdin, stdout and stderr, where whoever started the program has closed them:
/// otherwise the first files and sockets that are opened would take their numbers, and be written
/// what is meant for a terminal.
void open_standard_descriptors();

}  // namespace regstream::cli
