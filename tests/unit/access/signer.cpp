#include "signer.hpp"

#include <stdexcept>
#include <utility>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <catch2/catch.hpp>

#include "access/base64url.hpp"
#include "access/digest.hpp"

namespace regstream::test {
namespace {

using nlohmann::json;

std::string padded(const BIGNUM* number, std::size_t bytes) {
  std::string text(bytes, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(bytes));
  return text;
}

std::string parameter(const EVP_PKEY& key, const char* name, std::size_t bytes) {
  BIGNUM* raw = nullptr;
  EVP_PKEY_get_bn_param(&key, name, &raw);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number{raw, BN_free};
  return access::encode_base64url(
      padded(raw, bytes > 0 ? bytes : static_cast<std::size_t>(BN_num_bytes(raw))));
}

/// ECDSA's two numbers side by side (RFC 7518, 3.4), and not in DER.
std::string plain_ecdsa(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature{
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free};
  return padded(ECDSA_SIG_get0_r(signature.get()), 32) +
         padded(ECDSA_SIG_get0_s(signature.get()), 32);
}

template <typename Write>
std::string written(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio{BIO_new(BIO_s_mem()), BIO_free};
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Signer Signer::secret(std::string bytes) {
  Signer signer;
  signer.secret_ = std::move(bytes);
  signer.algorithm_ = "HS256";
  return signer;
}

Signer Signer::rsa(unsigned bits) {
  Signer signer;
  signer.key_ = {EVP_RSA_gen(bits), EVP_PKEY_free};
  signer.algorithm_ = "RS256";
  return signer;
}

Signer Signer::ec(const char* curve) {
  Signer signer;
  signer.key_ = {EVP_EC_gen(curve), EVP_PKEY_free};
  signer.algorithm_ = "ES256";
  return signer;
}

std::string Signer::sign(std::string_view text) const {
  if (!key_) {
    return access::hmac_sha256(secret_, text);
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free};
  std::string signature(1024, '\0');
  std::size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1) {
    throw std::runtime_error("OpenSSL does not sign");
  }
  signature.resize(size);
  return algorithm_ == "ES256" ? plain_ecdsa(signature) : signature;
}

std::string Signer::raw_token(const std::string& header, const std::string& payload) const {
  const std::string text =
      access::encode_base64url(header) + "." + access::encode_base64url(payload);
  return text + "." + access::encode_base64url(sign(text));
}

std::string Signer::token(const json& payload, json header) const {
  header.emplace("alg", algorithm_);
  return raw_token(header.dump(), payload.dump());
}

std::string Signer::public_pem() const {
  return written([this](BIO* bio) { PEM_write_bio_PUBKEY(bio, key_.get()); });
}

std::string Signer::private_pem() const {
  return written([this](BIO* bio) {
    PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string Signer::public_der() const {
  return written([this](BIO* bio) { i2d_PUBKEY_bio(bio, key_.get()); });
}

std::string Signer::certificate() const {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate{X509_new(), X509_free};
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key_.get());
  X509_sign(certificate.get(), key_.get(), EVP_sha256());
  return written([&certificate](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); });
}

json Signer::jwk(json members) const {
  if (!key_) {
    members.update({{"kty", "oct"}, {"k", access::encode_base64url(secret_)}});
  } else if (algorithm_ == "RS256") {
    members.update({{"kty", "RSA"},
                    {"n", parameter(*key_, OSSL_PKEY_PARAM_RSA_N, 0)},
                    {"e", parameter(*key_, OSSL_PKEY_PARAM_RSA_E, 0)}});
  } else {
    members.update({{"kty", "EC"},
                    {"crv", "P-256"},
                    {"x", parameter(*key_, OSSL_PKEY_PARAM_EC_PUB_X, 32)},
                    {"y", parameter(*key_, OSSL_PKEY_PARAM_EC_PUB_Y, 32)}});
  }
  return members;
}

const Signer& secret_signer() {
  static const Signer signer = Signer::secret("a secret of thirty-two bytes, or more");
  return signer;
}

const Signer& rsa_signer() {
  static const Signer signer = Signer::rsa();
  return signer;
}

const Signer& ec_signer() {
  static const Signer signer = Signer::ec();
  return signer;
}

json right_payload(json members) {
  json payload = {
      {"exp", now_s + 600},
      {"regstream", {{"subscribe", {"registration:42"}}, {"publish", {"registration:42"}}}}};
  if (members.is_object()) {
    payload.update(members);
  }
  return payload;
}

std::vector<access::TokenKey> keys_of(const access::KeysResult& result) {
  if (const auto* const error = std::get_if<access::KeyError>(&result)) {
    FAIL(error->what);
  }
  return std::get<access::KeysRead>(result).keys;
}

access::KeySet key_set(std::initializer_list<const Signer*> signers) {
  std::vector<access::TokenKey> keys;
  for (const Signer* const signer : signers) {
    const json set = {{"keys", {signer->jwk(json::object())}}};
    keys.push_back(keys_of(access::read_jwks(set.dump(), access::JwksOrigin::file)).front());
  }
  access::KeySet set;
  set.replace(keys);
  return set;
}

std::string jwks(std::initializer_list<json> keys) {
  return json{{"keys", json::array_t(keys.begin(), keys.end())}}.dump();
}

}  // namespace regstream::test
