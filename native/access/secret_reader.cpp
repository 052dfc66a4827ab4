#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <openssl/asn1.h>
#include <openssl/err.h>

#include "access/base64url.hpp"
#include "access/key_reader.hpp"

namespace regstream::access {
namespace {

/// Typical words of key files: PEM, also inside a JSON string, and OpenSSH.
constexpr std::array<std::string_view, 7> key_words{"BEGIN ",      "PUBLIC KEY", "PRIVATE KEY",
                                                    "CERTIFICATE", "ssh-rsa ",   "ssh-ed25519 ",
                                                    "ecdsa-sha2-"};

bool is_visible(char byte) {
  return byte >= 0x20 && byte <= 0x7e;
}

/// Keys and certificates in DER (X.690) are a SEQUENCE that spans all the bytes and begins with
/// another one or with an INTEGER. A random secret of 32 bytes looks like that once in eight
/// million.
bool is_der(std::string_view bytes) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* at = begin;
  long size = 0;
  int tag = 0;
  int tag_class = 0;
  const int form = ASN1_get_object(&at, &size, &tag, &tag_class, static_cast<long>(bytes.size()));
  ERR_clear_error();
  return form == V_ASN1_CONSTRUCTED && tag == V_ASN1_SEQUENCE && size > 0 &&
         static_cast<std::size_t>(at - begin) + static_cast<std::size_t>(size) == bytes.size() &&
         (*at == 0x30 || *at == 0x02);
}

/// Decodes base64 or base64url. Empty: it is neither.
std::string decode_base64(std::string_view text) {
  std::string plain(text.substr(0, text.find_last_not_of("= ") + 1));
  std::replace(plain.begin(), plain.end(), '+', '-');
  std::replace(plain.begin(), plain.end(), '/', '_');
  return decode_base64url(plain).value_or(std::string());
}

bool looks_like_key(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return std::string_view("{[\"").find(text[first]) != std::string_view::npos ||
         std::any_of(
             key_words.begin(), key_words.end(),
             [text](std::string_view word) { return text.find(word) != std::string_view::npos; }) ||
         is_der(decode_base64(text.substr(first)));
}

}  // namespace

KeysResult read_secret(std::string_view text) {
  for (const char ending : {'\n', '\r'}) {
    if (text.ends_with(ending)) {
      text.remove_suffix(1);
    }
  }
  if (!std::all_of(text.begin(), text.end(), is_visible)) {
    return KeyError{
        "a secret must be one line of visible ASCII characters, and it has other bytes or lines; "
        "make one with openssl rand -base64 32, or give bytes as an oct key of --token-jwks"};
  }
  if (text.find_first_not_of(' ') == std::string_view::npos) {
    return KeyError{"it is empty, or has only spaces"};
  }
  if (looks_like_key(text)) {
    return KeyError{
        "it looks like a key or a certificate, which is not a secret, since others may know it; "
        "give a public key in PEM as --token-key, and a JWKS as --token-jwks"};
  }
  TokenKey::Result result = TokenKey::of_secret(text);
  if (auto* const error = std::get_if<KeyError>(&result)) {
    return std::move(*error);
  }
  return KeysRead{.keys = {std::get<TokenKey>(std::move(result))}};
}

}  // namespace regstream::access
