#include "access/digest.hpp"

#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

namespace regstream::access {
namespace {

unsigned char* writable(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

const unsigned char* readable(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::string sha256(std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(readable(bytes), bytes.size(), writable(digest));
  return digest;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), readable(bytes), bytes.size(),
           writable(digest), nullptr) == nullptr) {
    throw std::runtime_error("OpenSSL has no HMAC-SHA256: is its configuration damaged?");
  }
  return digest;
}

std::string system_random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(writable(bytes), static_cast<int>(count)) != 1) {
    throw std::runtime_error("OpenSSL has no random bytes: is /dev/urandom there?");
  }
  return bytes;
}

}  // namespace regstream::access
