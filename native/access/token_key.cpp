#include "access/token_key.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include <cjose/jws.h>
#include <openssl/err.h>

#include "access/access_limits.hpp"
#include "access/base64url.hpp"
#include "access/digest.hpp"

namespace regstream::access {
namespace {

constexpr std::size_t secret_bytes_min = 32;
constexpr std::size_t modulus_bits_min = 2048;
constexpr std::size_t modulus_bits_max = 8192;  // A larger key takes a millisecond to verify.
constexpr std::size_t coordinate_bytes = 32;

struct ReleaseJws {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
using Jws = std::unique_ptr<cjose_jws_t, ReleaseJws>;

/// Clears OpenSSL's error queue: TLS on this thread would take a leftover error for its own
/// failure.
struct ClearedErrors {
  ClearedErrors() = default;
  ClearedErrors(const ClearedErrors&) = delete;
  ClearedErrors& operator=(const ClearedErrors&) = delete;
  ~ClearedErrors() { ERR_clear_error(); }
};

std::string_view without_leading_zeros(std::string_view number) {
  return number.substr(std::min(number.find_first_not_of('\0'), number.size()));
}

std::size_t bits_of(std::string_view number) {
  return number.empty() ? 0
                        : number.size() * 8 - static_cast<std::size_t>(std::countl_zero(
                                                  static_cast<unsigned char>(number.front())));
}

}  // namespace

TokenKey::Result TokenKey::make(TokenKey key, const std::string& jwk) {
  const ClearedErrors cleared;
  // The required members in the order of RFC 7638, 3.2, and nothing else.
  key.thumbprint_ = sha256(jwk);
  cjose_jwk_t* const imported = cjose_jwk_import(jwk.data(), jwk.size(), nullptr);
  if (imported == nullptr) {
    return KeyError{"its numbers are not a valid key of its kind"};
  }
  key.jwk_ = {imported, [](cjose_jwk_t* owned) { cjose_jwk_release(owned); }};
  return key;
}

TokenKey::Result TokenKey::of_secret(std::string_view secret, std::optional<std::string> key_id) {
  if (secret.size() < secret_bytes_min) {
    return KeyError{
        "the secret has " + std::to_string(secret.size()) +
        " bytes; HS256 needs at least 32 that nobody can guess: openssl rand -base64 32"};
  }
  if (secret.size() > access_limits.secret_bytes_max) {
    return KeyError{"the secret is longer than 4096 bytes"};
  }
  return make({Algorithm::hs256, std::move(key_id), secret_bytes_min},
              R"({"k":")" + encode_base64url(secret) + R"(","kty":"oct"})");
}

TokenKey::Result TokenKey::of_rsa(std::string_view modulus, std::string_view exponent,
                                  std::optional<std::string> key_id) {
  const std::string_view n = without_leading_zeros(modulus);
  const std::string_view e = without_leading_zeros(exponent);
  if (bits_of(n) < modulus_bits_min || bits_of(n) > modulus_bits_max) {
    return KeyError{"the RSA key has " + std::to_string(bits_of(n)) +
                    " bits; RS256 needs 2048 to 8192"};
  }
  const auto last = static_cast<unsigned char>(e.empty() ? '\0' : e.back());
  if (e.size() > sizeof(std::uint64_t) || last % 2 == 0 || (e.size() == 1 && last < 3)) {
    return KeyError{"the RSA key's exponent is not an odd number from 3 to 2^64"};
  }
  return make(
      {Algorithm::rs256, std::move(key_id), n.size()},
      R"({"e":")" + encode_base64url(e) + R"(","kty":"RSA","n":")" + encode_base64url(n) + R"("})");
}

TokenKey::Result TokenKey::of_p256(std::string_view x, std::string_view y,
                                   std::optional<std::string> key_id) {
  if (x.size() != coordinate_bytes || y.size() != coordinate_bytes) {
    return KeyError{"the coordinates of a point of P-256 must have 32 bytes each"};
  }
  return make({Algorithm::es256, std::move(key_id), 2 * coordinate_bytes},
              R"({"crv":"P-256","kty":"EC","x":")" + encode_base64url(x) + R"(","y":")" +
                  encode_base64url(y) + R"("})");
}

bool TokenKey::verifies(const CompactToken& token) const {
  // cjose accepts an ECDSA signature of any length: then a token would have many texts.
  if (token.algorithm != algorithm_ || token.signature.size() != signature_bytes_) {
    return false;
  }
  const ClearedErrors cleared;
  const Jws jws{cjose_jws_import(token.text.data(), token.text.size(), nullptr)};
  return jws != nullptr && cjose_jws_verify(jws.get(), jwk_.get(), nullptr);
}

}  // namespace regstream::access
