#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace regstream {

/// Text of others (peers, files, options) as it may be shown on a terminal or written to a log: one
/// line, that neither commands the terminal nor shows its words in another order.
///
/// Escaped as in JSON, `\u009b`, are the control characters (C0, DEL and C1: ECMA-48 gives
/// terminals commands of both kinds), the separators U+2028 and U+2029, and what turns the
/// direction of text (Bidi_Control, Unicode's UAX #9). Each ill-formed part of UTF-8 becomes one
/// U+FFFD. So compact JSON text stays JSON text of the same value. Whatever else stands in `text`
/// stays as it is; past `bytes_max` bytes it is cut, and ends with "…".
[[nodiscard]] std::string printable(std::string_view text,
                                    std::size_t bytes_max = std::string_view::npos);

/// A value without the secrets that people paste with a URL or `user:password@host`: what stands
/// before its last '@' (after "scheme://"), and what follows a '?' or '#', becomes "…".
[[nodiscard]] std::string hide_secrets(std::string_view value);

/// A value that was refused, for the sentence that names it: in quotes, `printable`, at most 200
/// bytes, and with its secrets hidden (`hide_secrets`).
[[nodiscard]] std::string quote_value(std::string_view value);

/// The same for a sentence that somebody else made around such values, a line or several: the
/// secrets of its words are hidden, and each line is `printable`, of at most 1000 bytes.
[[nodiscard]] std::string printable_message(std::string_view message);

}  // namespace regstream
