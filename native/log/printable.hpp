#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace regstream {

/// Text from others (peers, files, options), made safe for a terminal and a log: one line that
/// neither controls the terminal nor shows its words in another order.
///
/// Escapes as in JSON, such as `\u009b`: the control characters (C0, DEL and C1; ECMA-48 has
/// terminal commands of both kinds), the separators U+2028 and U+2029, and the characters that
/// change the direction of text (Bidi_Control, Unicode's UAX #9). Each malformed part of UTF-8
/// becomes one U+FFFD. Everything else stays, so compact JSON text stays JSON text of the same
/// value. Text of more than `bytes_max` bytes is cut and ends with "…".
[[nodiscard]] std::string printable(std::string_view text,
                                    std::size_t bytes_max = std::string_view::npos);

/// Hides the secrets of a URL or of `user:password@host`: the part before the last '@' (after
/// "scheme://"), and the part after a '?' or '#', become "…".
[[nodiscard]] std::string hide_secrets(std::string_view value);

/// A refused value for an error message: in quotes, `printable`, at most 200 bytes, with its
/// secrets hidden (`hide_secrets`).
[[nodiscard]] std::string quote_value(std::string_view value);

/// The same for another library's message with such values, of one or several lines: the secrets in
/// its words are hidden, and each line is `printable`, with at most 1000 bytes.
[[nodiscard]] std::string printable_message(std::string_view message);

}  // namespace regstream
