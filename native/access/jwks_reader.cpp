#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "access/access_limits.hpp"
#include "access/base64url.hpp"
#include "access/key_reader.hpp"
#include "access/strict_json.hpp"
#include "log/printable.hpp"

namespace regstream::access {
namespace {

using Json = nlohmann::json;

/// The text of a member. Empty: it is missing, or not a text.
std::optional<std::string> text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? std::optional{found->get<std::string>()}
                                                     : std::nullopt;
}

/// The bytes of a member. Empty: not base64url.
std::string bytes_of(const Json& jwk, const char* name) {
  const auto text = text_of(jwk, name);
  return text ? decode_base64url(*text).value_or(std::string{}) : std::string{};
}

/// Why a key is not for verifying signatures. Empty: it is.
std::string other_purpose(const Json& jwk) {
  if (jwk.contains("use") && text_of(jwk, "use") != "sig") {
    return "its use is not sig";
  }
  if (const auto operations = jwk.find("key_ops");
      operations != jwk.end() &&
      (!operations->is_array() ||
       std::find(operations->begin(), operations->end(), "verify") == operations->end())) {
    return "its key_ops have no verify";
  }
  return {};
}

TokenKey::Result make_key(const Json& jwk, std::optional<std::string> key_id) {
  const auto kind = text_of(jwk, "kty");
  if (kind == "oct") {
    return TokenKey::of_secret(bytes_of(jwk, "k"), std::move(key_id));
  }
  if (kind == "RSA") {
    return TokenKey::of_rsa(bytes_of(jwk, "n"), bytes_of(jwk, "e"), std::move(key_id));
  }
  if (kind == "EC" && text_of(jwk, "crv") == "P-256") {
    return TokenKey::of_p256(bytes_of(jwk, "x"), bytes_of(jwk, "y"), std::move(key_id));
  }
  return KeyError{"it is neither RSA (RS256) nor EC with P-256 (ES256) nor oct (HS256)"};
}

/// A key, or why it is left out.
TokenKey::Result read_jwk(const Json& jwk) {
  if (std::string purpose = other_purpose(jwk); !purpose.empty()) {
    return KeyError{std::move(purpose)};
  }
  auto key_id = text_of(jwk, "kid");
  if (jwk.contains("kid") && (!key_id || key_id->size() > access_limits.key_id_bytes_max)) {
    return KeyError{"its kid is not a text of at most 256 bytes"};
  }
  auto result = make_key(jwk, std::move(key_id));
  if (const auto* const key = std::get_if<TokenKey>(&result);
      key != nullptr && jwk.contains("alg") && text_of(jwk, "alg") != name_of(key->algorithm())) {
    return KeyError{"its alg is not " + std::string(name_of(key->algorithm()))};
  }
  return result;
}

/// Why the whole set is refused: it exposes a secret.
std::optional<KeyError> find_exposure(const Json& jwk, JwksOrigin origin) {
  const bool is_secret = text_of(jwk, "kty") == "oct";
  if (!is_secret && jwk.contains("d")) {
    return KeyError{"it holds a private key, which only the issuer of tokens should have"};
  }
  if (is_secret && origin == JwksOrigin::url) {
    return KeyError{"it holds a secret (kty oct), which a URL gives to everyone who asks"};
  }
  return std::nullopt;
}

}  // namespace

KeysResult read_jwks(std::string_view text, JwksOrigin origin) {
  const auto document = parse_strict_json(text, access_limits.key_file_bytes_max);
  const auto list = document ? document->find("keys") : Json::const_iterator{};
  if (!document || list == document->end() || !list->is_array()) {
    return KeyError{R"(it is not a JWKS (RFC 7517), a JSON object with an array "keys")"};
  }
  if (list->size() > access_limits.keys_max) {
    return KeyError{"it has " + std::to_string(list->size()) + " keys; at most " +
                    std::to_string(access_limits.keys_max) + " are read"};
  }
  KeysRead read;
  for (std::size_t index = 0; index < list->size(); ++index) {
    const Json& jwk = (*list)[index];
    const std::string place = "keys[" + std::to_string(index) + "]";
    if (!jwk.is_object()) {
      return KeyError{place + " is not an object"};
    }
    if (const auto exposure = find_exposure(jwk, origin)) {
      return KeyError{place + ": " + exposure->what};
    }
    auto result = read_jwk(jwk);
    if (const auto* const error = std::get_if<KeyError>(&result)) {
      read.notes.push_back(place + " is left out: " + error->what);
      continue;
    }
    auto& key = std::get<TokenKey>(result);
    if (key.key_id() &&
        std::any_of(read.keys.begin(), read.keys.end(),
                    [&key](const TokenKey& earlier) { return earlier.key_id() == key.key_id(); })) {
      return KeyError{place + " has the kid of an earlier one, " + quote_value(*key.key_id())};
    }
    read.keys.push_back(std::move(key));
  }
  if (read.keys.empty()) {
    return KeyError{"it has no key that can verify tokens" +
                    (read.notes.empty() ? std::string{} : "; " + read.notes.front())};
  }
  return read;
}

}  // namespace regstream::access
