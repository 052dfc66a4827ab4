#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regstream::access {

/// Base64url without padding (RFC 7515, 2): the text of some bytes.
[[nodiscard]] std::string encode_base64url(std::string_view bytes);

/// The bytes of a text. Nothing: it has another character, padding, an impossible length, or bits
/// behind the last byte that are not 0. So each sequence of bytes has one text.
[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace regstream::access
