#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "access/token_key.hpp"

/// Keys as files and servers write them.
namespace regstream::access {

struct KeysRead {
  std::vector<TokenKey> keys;
  /// What an operator should know: why a key of a set was left out, say. Sentences without their
  /// full stop.
  std::vector<std::string> notes = {};
};
using KeysResult = std::variant<KeysRead, KeyError>;

/// Reads the text of a file with one public key, or a certificate with one, in PEM (RSA: RS256;
/// P-256: ES256). A private key is refused: the gateway has no use for it, and it should be nowhere
/// but at the issuer.
[[nodiscard]] KeysResult read_public_key(std::string_view text);

/// Reads the text of a file with a secret (HS256): one line of visible characters of ASCII, its end
/// left out. Whoever knows a secret can sign, so one is refused that is blank, or that looks like a
/// key or certificate given by mistake: PEM, OpenSSH, JSON, or the base64 of DER.
[[nodiscard]] KeysResult read_secret(std::string_view text);

/// Where a JWKS comes from.
enum class JwksOrigin : std::uint8_t { file, url };

/// Reads a JWKS (RFC 7517, 5). Left out with a note: keys of a kind, curve, size, `alg`, `use` or
/// `key_ops` that are not for verifying our tokens. Refused: two keys of one kind with one `kid`,
/// or one of RSA or EC with its private part, or a set without a key that is left; and, from a URL,
/// one with a secret.
[[nodiscard]] KeysResult read_jwks(std::string_view text, JwksOrigin origin);

}  // namespace regstream::access
