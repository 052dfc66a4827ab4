#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regstream::access {

/// Encodes bytes as base64url without padding (RFC 7515, 2).
[[nodiscard]] std::string encode_base64url(std::string_view bytes);

/// Decodes base64url. Empty: the text has another character, padding, an impossible length, or
/// nonzero bits after the last byte. So each sequence of bytes has exactly one text.
[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace regstream::access
