#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "access/token_key.hpp"

/// Reads keys from the formats of files and servers.
namespace regstream::access {

struct KeysRead {
  std::vector<TokenKey> keys;
  /// Notes for the operator, such as why a key of a set was left out. Sentences without their full
  /// stop.
  std::vector<std::string> notes = {};
};
using KeysResult = std::variant<KeysRead, KeyError>;

/// Reads a file with one public key, or a certificate with one, in PEM (RSA: RS256; P-256: ES256).
/// Refuses a private key: the gateway has no use for it, and only the issuer should have it.
[[nodiscard]] KeysResult read_public_key(std::string_view text);

/// Reads a file with a secret (HS256): one line of visible ASCII, without the line's end. Whoever
/// knows a secret can sign. So a blank secret is refused, and one that looks like a key or
/// certificate given by mistake: PEM, OpenSSH, JSON, or the base64 of DER.
[[nodiscard]] KeysResult read_secret(std::string_view text);

/// Where a JWKS comes from.
enum class JwksOrigin : std::uint8_t { file, url };

/// Reads a JWKS (RFC 7517, 5). Keys of a kind, curve, size, `alg`, `use` or `key_ops` that can't
/// verify our tokens are left out, with a note. Refuses a set with two keys of one kind and one
/// `kid`, with the private part of an RSA or EC key, or without any usable key; and, from a URL, a
/// set with a secret.
[[nodiscard]] KeysResult read_jwks(std::string_view text, JwksOrigin origin);

}  // namespace regstream::access
