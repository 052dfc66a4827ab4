#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// UTF-8 as the WHATWG Encoding standard decodes it.
namespace regstream::text {

/// True if `text` is well-formed: no overlong form, no surrogate, nothing above U+10FFFF.
[[nodiscard]] bool is_valid_utf8(std::string_view text);

/// Whether well-formed UTF-8 has one of Unicode's control characters (category Cc): U+0000 to
/// U+001F, U+007F to U+009F.
[[nodiscard]] bool has_control_character(std::string_view text);

/// Appends `text` to `out`, each ill-formed part replaced by one U+FFFD. A part is the longest
/// prefix of a sequence that could have become well-formed, else a single byte (Encoding standard,
/// "UTF-8 decoder"; Unicode 15, section 3.9, "Substitution of Maximal Subparts").
void append_valid_utf8(std::string& out, std::string_view text);

/// Appends a code point, which must be at most U+10FFFF and not a surrogate.
void append_code_point(std::string& out, std::uint32_t code_point);

}  // namespace regstream::text
