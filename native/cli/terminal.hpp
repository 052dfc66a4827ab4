#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include <regstream/time.hpp>

/// How commands write to people and to pipes. Text from others is always escaped for terminals.
namespace regstream::cli {

/// Prints one line of JSON to stdout and flushes it, so that events of a live stream show at once.
/// Escapes everything that could control a terminal, whether or not stdout is one. Malformed UTF-8,
/// which a server may send, becomes U+FFFD.
void print_json(const nlohmann::ordered_json& line);

/// How long the program waits for the reader of its output, before it goes on without it.
inline constexpr Duration reader_patience{1'000};

/// Prints one line of at most 4 KiB to stdout. False if its reader has not made room within
/// `patience`. Nothing was written then; try again later.
[[nodiscard]] bool try_print(std::string_view line, Duration patience = Duration::zero());

/// Prints lines to stderr as `printable_message`, as far as they are read within `reader_patience`.
void print_error(std::string_view text);

/// The same for one line: "regstream COMMAND: what", or "regstream: what" without `command`.
void complain(std::string_view command, std::string_view what);

/// Opens /dev/null as stdin, stdout and stderr if the program was started with them closed.
/// Otherwise the first files and sockets would get their numbers, and text for a terminal would be
/// written into them.
void open_standard_descriptors();

}  // namespace regstream::cli
