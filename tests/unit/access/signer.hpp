#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <openssl/evp.h>
#include <nlohmann/json.hpp>

#include "access/key_reader.hpp"
#include "access/key_set.hpp"

/// An issuer of tokens, by OpenSSL alone: what verifies them is cjose.
namespace regstream::test {

class Signer {
 public:
  [[nodiscard]] static Signer secret(std::string bytes);
  [[nodiscard]] static Signer rsa(unsigned bits = 2048);
  [[nodiscard]] static Signer ec(const char* curve = "P-256");

  /// The raw signature of a text.
  [[nodiscard]] std::string sign(std::string_view text) const;
  /// A token with this header and payload, whatever they say.
  [[nodiscard]] std::string raw_token(const std::string& header, const std::string& payload) const;
  /// One with the header that the key's algorithm has, and these members.
  [[nodiscard]] std::string token(const nlohmann::json& payload, nlohmann::json header = {}) const;

  [[nodiscard]] std::string public_pem() const;
  [[nodiscard]] std::string private_pem() const;
  [[nodiscard]] std::string public_der() const;
  /// A self-signed certificate in PEM.
  [[nodiscard]] std::string certificate() const;
  /// Its public half, or the secret, with these members.
  [[nodiscard]] nlohmann::json jwk(nlohmann::json members = {}) const;

 private:
  std::string secret_;
  std::shared_ptr<EVP_PKEY> key_;  // Null: a secret's.
  std::string algorithm_;
};

/// One of each, made once: RSA keys take a while.
[[nodiscard]] const Signer& secret_signer();
[[nodiscard]] const Signer& rsa_signer();
[[nodiscard]] const Signer& ec_signer();

/// The time in these tests: 2023-12-13.
inline constexpr std::int64_t now_ms = 1'702'493'000'000;
inline constexpr std::int64_t now_s = now_ms / 1000;

/// A valid payload: it may read and publish registration 42.
[[nodiscard]] nlohmann::json right_payload(nlohmann::json members = {});

/// The keys of a text. The test fails if there are none.
[[nodiscard]] std::vector<access::TokenKey> keys_of(const access::KeysResult& result);
[[nodiscard]] access::KeySet key_set(std::initializer_list<const Signer*> signers);
[[nodiscard]] std::string jwks(std::initializer_list<nlohmann::json> keys);

}  // namespace regstream::test
