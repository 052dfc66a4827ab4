#include "access/key_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace regstream::access {
namespace {

template <auto free>
struct FreeBy {
  template <typename Object>
  void operator()(Object* object) const {
    free(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeBy<&BIO_free>>;
using PublicKey = std::unique_ptr<EVP_PKEY, FreeBy<&EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeBy<&X509_free>>;
using Number = std::unique_ptr<BIGNUM, FreeBy<&BN_free>>;

constexpr std::string_view pem_begin = "-----BEGIN ";

Bio reading(std::string_view text) {
  return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

/// Never asks for a passphrase.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writes*/, void* /*context*/) {
  return -1;
}

PublicKey read_pem_public_key(std::string_view text) {
  if (text.substr(0, text.find('\n')).find("CERTIFICATE") != std::string_view::npos) {
    const Certificate certificate{
        PEM_read_bio_X509(reading(text).get(), nullptr, no_passphrase, nullptr)};
    return PublicKey{certificate ? X509_get_pubkey(certificate.get()) : nullptr};
  }
  return PublicKey{PEM_read_bio_PUBKEY(reading(text).get(), nullptr, no_passphrase, nullptr)};
}

/// A key's number in big-endian bytes, at least `bytes` of them.
std::string number_of(const EVP_PKEY& key, const char* name, std::size_t bytes = 0) {
  BIGNUM* raw = nullptr;
  EVP_PKEY_get_bn_param(&key, name, &raw);
  const Number number{raw};
  if (!number) {
    return {};
  }
  std::string text(std::max(bytes, static_cast<std::size_t>(BN_num_bytes(number.get()))), '\0');
  BN_bn2binpad(number.get(), reinterpret_cast<unsigned char*>(text.data()),
               static_cast<int>(text.size()));
  return text;
}

TokenKey::Result make_key(const EVP_PKEY& key) {
  if (EVP_PKEY_is_a(&key, "RSA") == 1) {
    return TokenKey::of_rsa(number_of(key, OSSL_PKEY_PARAM_RSA_N),
                            number_of(key, OSSL_PKEY_PARAM_RSA_E));
  }
  std::string group(64, '\0');
  std::size_t length = 0;
  if (EVP_PKEY_is_a(&key, "EC") == 1 &&
      EVP_PKEY_get_utf8_string_param(&key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(),
                                     &length) == 1 &&
      std::string_view(group).substr(0, length) == "prime256v1") {
    return TokenKey::of_p256(number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, 32),
                             number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
  }
  return KeyError{"the key is neither RSA (RS256) nor of the curve P-256 (ES256)"};
}

TokenKey::Result read_pem(std::string_view pem) {
  if (pem.find(" PRIVATE KEY-----") != std::string_view::npos) {
    return KeyError{
        "it holds a private key, which only the issuer of tokens should have; give its public "
        "half: openssl pkey -in FILE -pubout"};
  }
  if (pem.find(pem_begin, pem_begin.size()) != std::string_view::npos) {
    return KeyError{"it holds more than one key or certificate; give each a file of its own"};
  }
  const PublicKey key = read_pem_public_key(pem);
  return key ? make_key(*key)
             : KeyError{
                   "its PEM text is neither a public key nor a certificate; write one with openssl "
                   "pkey -pubout"};
}

}  // namespace

KeysResult read_public_key(std::string_view text) {
  const std::size_t begin = text.find(pem_begin);  // OpenSSL writes text before some PEM blocks.
  if (begin == std::string_view::npos) {
    return KeyError{
        "it has no line -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE-----; give a secret "
        "as --token-secret, a JWKS as --token-jwks, and write a key in DER as PEM: openssl pkey "
        "-pubin -inform DER -in FILE"};
  }
  TokenKey::Result result = read_pem(text.substr(begin));
  ERR_clear_error();
  if (auto* const error = std::get_if<KeyError>(&result)) {
    return std::move(*error);
  }
  return KeysRead{.keys = {std::get<TokenKey>(std::move(result))}};
}

}  // namespace regstream::access
