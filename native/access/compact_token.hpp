#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "access/denial_reason.hpp"

namespace regstream::access {

/// How a token is signed (RFC 7518, 3.1). There are no others.
enum class Algorithm : std::uint8_t { hs256, rs256, es256 };

/// "RS256".
[[nodiscard]] std::string_view name_of(Algorithm algorithm);
[[nodiscard]] std::optional<Algorithm> parse_algorithm(std::string_view name);

/// Why a token doesn't count.
struct TokenError {
  DenialReason reason{};
  std::string what;  ///< A sentence for people. Quotes nothing of it.
};

/// A JWS in its compact form (RFC 7515, 7.1), taken apart. Nothing of it has been verified. Views
/// are of the text that was parsed.
struct CompactToken {
  std::string_view text;
  std::string_view signed_part;      ///< Header, dot and payload, as sent: what is signed.
  std::string_view encoded_payload;  ///< Base64url.
  std::string signature;             ///< Bytes.
  Algorithm algorithm{};
  std::optional<std::string> key_id;  ///< `kid`.
};

/// Takes a token apart and reads its header. Refused are: another shape, text that is no canonical
/// base64url, an algorithm that is not ours (`none` is not), `crit` (we understand no extension;
/// RFC 7515, 4.1.11), and a `typ` other than JWT and at+jwt (RFC 8725, 3.11; RFC 9068, 2.1). Keys
/// that a header brings (`jwk`, `jku`, `x5c`, `x5u`) are not looked at: a token is verified by
/// ours.
[[nodiscard]] std::variant<CompactToken, TokenError> parse_compact_token(std::string_view text);

}  // namespace regstream::access
