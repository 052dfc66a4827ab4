#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "access/denial_reason.hpp"

namespace regstream::access {

/// How a token is signed (RFC 7518, 3.1). No other algorithm is accepted.
enum class Algorithm : std::uint8_t { hs256, rs256, es256 };

/// "RS256".
[[nodiscard]] std::string_view name_of(Algorithm algorithm);
[[nodiscard]] std::optional<Algorithm> parse_algorithm(std::string_view name);

/// Why a token is not accepted.
struct TokenError {
  DenialReason reason{};
  std::string what;  ///< A sentence for people. Quotes nothing of the token.
};

/// The parts of a JWS in compact form (RFC 7515, 7.1). Nothing is verified yet. The views refer to
/// the parsed text.
struct CompactToken {
  std::string_view text;
  std::string_view signed_part;      ///< Header, dot and payload, as sent: the signed bytes.
  std::string_view encoded_payload;  ///< Base64url.
  std::string signature;             ///< Bytes.
  Algorithm algorithm{};
  std::optional<std::string> key_id;  ///< `kid`.
};

/// Splits a token into its parts and reads its header. Refuses another structure, text that is not
/// canonical base64url, an algorithm that is not ours (such as `none`), `crit` (we understand no
/// extension; RFC 7515, 4.1.11), and a `typ` other than JWT and at+jwt (RFC 8725, 3.11; RFC 9068,
/// 2.1). Ignores keys in the header (`jwk`, `jku`, `x5c`, `x5u`): only our own keys verify a token.
[[nodiscard]] std::variant<CompactToken, TokenError> parse_compact_token(std::string_view text);

}  // namespace regstream::access
