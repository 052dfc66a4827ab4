#include "access/sealed_token.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "access/base64url.hpp"

namespace regstream::access {
namespace {

constexpr std::size_t ticket_bytes = 16;
constexpr std::size_t tag_bytes = 16;
/// Always the same: each key seals once.
constexpr std::array<unsigned char, 12> nonce{};

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

unsigned char* sealed_bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

const unsigned char* plain_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

TicketKeys::TicketKeys(std::string_view bytes, const Workflow& workflow)
    : ticket_(encode_base64url(bytes)),
      name_(encode_base64url(hmac_sha256(bytes, "name of a ticket of " + workflow.channel))),
      key_(hmac_sha256(bytes, "seal of a ticket of " + workflow.channel)) {}

TicketKeys TicketKeys::make(const Workflow& workflow, const RandomBytes& random) {
  return {random(ticket_bytes), workflow};
}

std::optional<TicketKeys> TicketKeys::parse(std::string_view ticket, const Workflow& workflow) {
  const auto bytes = decode_base64url(ticket.substr(0, 2 * ticket_bytes));
  return bytes && bytes->size() == ticket_bytes ? std::optional{TicketKeys(*bytes, workflow)}
                                                : std::nullopt;
}

std::string TicketKeys::seal(std::string_view token) const {
  const Cipher cipher{EVP_CIPHER_CTX_new()};
  std::string sealed(token.size() + tag_bytes, '\0');
  int size = 0;
  int rest = 0;
  if (EVP_EncryptInit_ex2(cipher.get(), EVP_aes_256_gcm(), plain_bytes(key_), nonce.data(),
                          nullptr) != 1 ||
      EVP_EncryptUpdate(cipher.get(), sealed_bytes(sealed), &size, plain_bytes(token),
                        static_cast<int>(token.size())) != 1 ||
      EVP_EncryptFinal_ex(cipher.get(), sealed_bytes(sealed) + size, &rest) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes,
                          sealed_bytes(sealed) + token.size()) != 1) {
    throw std::runtime_error("OpenSSL has no AES-256-GCM: is its configuration damaged?");
  }
  return sealed;
}

std::optional<std::string> TicketKeys::unseal(std::string_view sealed) const {
  if (sealed.size() < tag_bytes) {
    return std::nullopt;
  }
  const Cipher cipher{EVP_CIPHER_CTX_new()};
  const std::size_t length = sealed.size() - tag_bytes;
  std::string token(length, '\0');
  std::string tag(sealed.substr(length));
  int size = 0;
  int rest = 0;
  if (EVP_DecryptInit_ex2(cipher.get(), EVP_aes_256_gcm(), plain_bytes(key_), nonce.data(),
                          nullptr) != 1 ||
      EVP_DecryptUpdate(cipher.get(), sealed_bytes(token), &size, plain_bytes(sealed),
                        static_cast<int>(length)) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) != 1 ||
      EVP_DecryptFinal_ex(cipher.get(), sealed_bytes(token) + size, &rest) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return token;
}

}  // namespace regstream::access
