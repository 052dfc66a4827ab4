#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <cjose/jwk.h>

#include "access/compact_token.hpp"

namespace regstream::access {

/// Why something is not a key for tokens: a sentence for the operator, without its full stop.
/// Quotes nothing of the key.
struct KeyError {
  std::string what;
};

/// A key that verifies tokens. It determines their algorithm. Numbers are big-endian bytes.
class TokenKey {
 public:
  using Result = std::variant<TokenKey, KeyError>;

  /// HS256. At least 32 bytes, as many as the hash has (RFC 7518, 3.2).
  [[nodiscard]] static Result of_secret(std::string_view secret,
                                        std::optional<std::string> key_id = {});
  /// RS256. 2048 to 8192 bits (RFC 7518, 3.3), and an odd exponent of at least 3: with 1 anyone
  /// could sign.
  [[nodiscard]] static Result of_rsa(std::string_view modulus, std::string_view exponent,
                                     std::optional<std::string> key_id = {});
  /// ES256. A point of P-256, 32 bytes for each coordinate.
  [[nodiscard]] static Result of_p256(std::string_view x, std::string_view y,
                                      std::optional<std::string> key_id = {});

  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  /// The `kid` of its JWK. Empty: a token's `kid` says nothing about this key.
  [[nodiscard]] const std::optional<std::string>& key_id() const { return key_id_; }

  /// Whether this key, with its algorithm, made the token's signature.
  [[nodiscard]] bool verifies(const CompactToken& token) const;

  /// True for the same key with the same `kid`, even if read at different times.
  friend bool operator==(const TokenKey& left, const TokenKey& right) {
    return left.algorithm_ == right.algorithm_ && left.key_id_ == right.key_id_ &&
           left.thumbprint_ == right.thumbprint_;
  }

 private:
  TokenKey(Algorithm algorithm, std::optional<std::string>&& key_id, std::size_t signature_bytes)
      : algorithm_(algorithm), key_id_(std::move(key_id)), signature_bytes_(signature_bytes) {}
  [[nodiscard]] static Result make(TokenKey key, const std::string& jwk);

  Algorithm algorithm_;
  std::optional<std::string> key_id_;
  std::size_t signature_bytes_;
  std::string thumbprint_;  // RFC 7638.
  std::shared_ptr<const cjose_jwk_t> jwk_;
};

}  // namespace regstream::access
