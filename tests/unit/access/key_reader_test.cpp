#include "access/key_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "access/access_limits.hpp"
#include "access/base64url.hpp"
#include "signer.hpp"

namespace regstream::access {
namespace {

using Catch::Contains;
using nlohmann::json;
using test::ec_signer, test::jwks, test::keys_of, test::rsa_signer, test::secret_signer,
    test::Signer;

std::string error_of(const KeysResult& result) {
  const auto* const error = std::get_if<KeyError>(&result);
  return error == nullptr ? "" : error->what;
}

KeysResult read_set(std::initializer_list<json> keys, JwksOrigin origin = JwksOrigin::file) {
  return read_jwks(jwks(keys), origin);
}

/// Why the one key beside a good one was left out.
std::string note_of(const json& key) {
  const auto result = read_set({ec_signer().jwk({{"kid", "good"}}), key});
  REQUIRE(keys_of(result).size() == 1);
  const auto& notes = std::get<KeysRead>(result).notes;
  return notes.empty() ? "" : notes.front();
}

TEST_CASE("a key in PEM determines its algorithm", "[access]") {
  CHECK(keys_of(read_public_key(rsa_signer().public_pem())).front().algorithm() ==
        Algorithm::rs256);
  CHECK(keys_of(read_public_key(ec_signer().public_pem())).front().algorithm() == Algorithm::es256);
  CHECK(keys_of(read_public_key(rsa_signer().certificate())).front().algorithm() ==
        Algorithm::rs256);
  CHECK(keys_of(read_public_key("subject=somebody\n" + ec_signer().certificate())).size() == 1);
}

TEST_CASE("the same key is the same in every form", "[access]") {
  const auto pem = keys_of(read_public_key(rsa_signer().public_pem())).front();
  CHECK(pem == keys_of(read_public_key(rsa_signer().certificate())).front());
  CHECK(pem == keys_of(read_set({rsa_signer().jwk(json::object())})).front());
  CHECK(keys_of(read_public_key(ec_signer().public_pem())).front() ==
        keys_of(read_set({ec_signer().jwk(json::object())})).front());
  CHECK_FALSE(pem == keys_of(read_public_key(Signer::rsa().public_pem())).front());
  // With another kid it is another key: the kid says which tokens it may have signed.
  CHECK_FALSE(pem == keys_of(read_set({rsa_signer().jwk({{"kid", "a"}})})).front());
}

/// As PowerShell's > writes it.
std::string utf16(const std::string& text) {
  std::string wide = "\xff\xfe";
  for (const char byte : text) {
    wide.append({byte, '\0'});
  }
  return wide;
}

/// Standard base64, with its padding.
std::string base64(const std::string& bytes) {
  std::string text = encode_base64url(bytes);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text.append((4 - text.size() % 4) % 4, '=');
}

/// The lines of a PEM text without its first one and its last one, as one line.
std::string body_of(const std::string& pem) {
  std::string body = pem.substr(pem.find('\n'), pem.rfind("-----END") - pem.find('\n'));
  body.erase(std::remove(body.begin(), body.end(), '\n'), body.end());
  return body;
}

/// Files that are mistaken for key files, and are not PEM.
std::vector<std::string> mistaken_keys() {
  const std::string pem = rsa_signer().public_pem();
  const std::string der = rsa_signer().public_der();
  const std::string jwk = rsa_signer().jwk(json::object()).dump();
  return {der,
          der + "\n",
          "\n" + der,
          base64(der),  // Keycloak shows keys like this.
          encode_base64url(der),
          base64(ec_signer().public_der()),
          body_of(rsa_signer().certificate()),  // x5c has this form (RFC 7517, 4.7).
          body_of(rsa_signer().private_pem()),
          pem.substr(pem.find('\n') + 1),
          utf16(pem),
          "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDWGzlLmZnvY0V6Gk5 somebody@bank",
          "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlz somebody@bank",
          jwk,
          "[" + jwk + "]",
          "\xef\xbb\xbf" + jwk,
          json(base64(der)).dump(),
          jwks({rsa_signer().jwk(json::object())}),
          std::string(32, '\0'),
          std::string(32, ' '),
          ""};
}

TEST_CASE("anything but a public key in PEM is refused with a reason", "[access]") {
  CHECK_THAT(error_of(read_public_key(rsa_signer().private_pem())), Contains("private key"));
  CHECK_THAT(error_of(read_public_key(rsa_signer().public_pem() + ec_signer().public_pem())),
             Contains("more than one"));
  CHECK_THAT(error_of(read_public_key(Signer::rsa(1024).public_pem())), Contains("1024 bits"));
  CHECK_THAT(error_of(read_public_key(Signer::ec("P-384").public_pem())), Contains("P-256"));
  CHECK_THAT(
      error_of(read_public_key("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")),
      Contains("neither a public key"));
  CHECK_THAT(error_of(read_public_key("-----BEGIN ")), Contains("neither a public key"));
  CHECK_THAT(error_of(read_public_key(std::string(32, 's'))), Contains("--token-secret"));
  for (const std::string& text : mistaken_keys()) {
    CAPTURE(text);
    CHECK_THAT(error_of(read_public_key(text)), Contains("BEGIN PUBLIC KEY"));
  }
}

TEST_CASE("a secret is the line of a file", "[access]") {
  const std::string secret(32, 's');
  const auto plain = keys_of(read_secret(secret)).front();
  CHECK(plain.algorithm() == Algorithm::hs256);
  CHECK(plain == keys_of(read_secret(secret + "\n")).front());
  CHECK(plain == keys_of(read_secret(secret + "\r\n")).front());
  CHECK_FALSE(plain == keys_of(read_secret(secret + " ")).front());
  CHECK_THAT(error_of(read_secret(secret + "\n\n")), Contains("one line"));
  CHECK_THAT(error_of(read_secret(secret + '\0')), Contains("one line"));
}

TEST_CASE("usual secrets are accepted in base64 or hexadecimal or words", "[access]") {
  for (const std::string& text :
       {base64(std::string(32, '\xa7')), base64(std::string(31, '\x30')),
        encode_base64url(std::string(64, '\xff')), std::string("0123456789abcdef0123456789abcdef"),
        std::string("correct horse battery staple, and so on")}) {
    CAPTURE(text);
    CHECK(keys_of(read_secret(text)).front().algorithm() == Algorithm::hs256);
  }
}

TEST_CASE("text that others may know or guess is refused as a secret", "[access]") {
  CHECK_THAT(error_of(read_secret(std::string(31, 's') + "\n")), Contains("31 bytes"));
  CHECK_THAT(error_of(read_secret(std::string(5000, 's'))), Contains("4096"));
  for (const std::string& text : mistaken_keys()) {
    CAPTURE(text);
    CHECK_FALSE(error_of(read_secret(text)).empty());
  }
  const std::string pem = rsa_signer().public_pem();
  std::string escaped = pem;
  for (std::size_t at = 0; (at = escaped.find('\n', at)) != std::string::npos;) {
    escaped.replace(at, 1, "\\n");
  }
  for (const std::string& text : {pem, escaped, pem.substr(1), rsa_signer().private_pem(),
                                  ec_signer().certificate(), "key: " + pem.substr(5, 21)}) {
    CAPTURE(text);
    CHECK_FALSE(error_of(read_secret(text)).empty());
  }
  CHECK_THAT(error_of(read_secret(base64(rsa_signer().public_der()))), Contains("looks like"));
}

TEST_CASE("a key set leaves out keys for other purposes and says so", "[access]") {
  CHECK(keys_of(read_set({rsa_signer().jwk(
                    {{"use", "sig"}, {"alg", "RS256"}, {"key_ops", {"verify"}}, {"x5c", 1}})}))
            .size() == 1);
  CHECK_THAT(note_of(rsa_signer().jwk({{"use", "enc"}})), Contains("use"));
  CHECK_THAT(note_of(rsa_signer().jwk({{"key_ops", {"encrypt"}}})), Contains("key_ops"));
  CHECK_THAT(note_of(rsa_signer().jwk({{"key_ops", "verify"}})), Contains("key_ops"));
  CHECK_THAT(note_of(rsa_signer().jwk({{"alg", "RS512"}})), Contains("alg"));
  CHECK_THAT(note_of(ec_signer().jwk({{"alg", "RS256"}})), Contains("alg"));
  CHECK_THAT(note_of({{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "AA"}}), Contains("neither"));
  CHECK_THAT(note_of({{"kty", "EC"}, {"crv", "P-384"}, {"x", "AA"}}), Contains("neither"));
  CHECK_THAT(note_of(json::object()), Contains("neither"));
  CHECK_THAT(note_of(rsa_signer().jwk({{"kid", 7}})), Contains("kid"));
  CHECK_THAT(note_of(rsa_signer().jwk({{"kid", std::string(257, 'k')}})), Contains("kid"));
  CHECK_THAT(note_of(Signer::rsa(1024).jwk(json::object())), Contains("1024"));
  CHECK_THAT(note_of(Signer::secret("short").jwk(json::object())), Contains("5 bytes"));
}

TEST_CASE("a key with which anyone could sign is left out", "[access]") {
  json one = rsa_signer().jwk(json::object());
  one["e"] = "AQ";
  CHECK_THAT(note_of(one), Contains("exponent"));
  one["e"] = "AAAAAQ";
  CHECK_THAT(note_of(one), Contains("exponent"));
  one["e"] = "AQAA";
  CHECK_THAT(note_of(one), Contains("exponent"));
  json off_curve = ec_signer().jwk(json::object());
  off_curve["x"] = off_curve["y"];
  CHECK_THAT(note_of(off_curve), Contains("not a valid key"));
  json padded = rsa_signer().jwk(json::object());
  padded["n"] = padded["n"].get<std::string>() + "==";
  CHECK_THAT(note_of(padded), Contains("0 bits"));
}

TEST_CASE("a key set that exposes a secret is refused", "[access]") {
  const json rsa = rsa_signer().jwk({{"kid", "a"}});
  json with_private = rsa;
  with_private["d"] = "AA";
  CHECK_THAT(error_of(read_set({with_private})), Contains("private"));
  CHECK_THAT(error_of(read_set({rsa, ec_signer().jwk({{"kid", "a"}})})), Contains("kid"));
  CHECK_THAT(error_of(read_set({})), Contains("no key"));
  CHECK_THAT(error_of(read_set({Signer::rsa(1024).jwk(json::object())})), Contains("1024"));
  CHECK_THAT(error_of(read_set({json("x")})), Contains("not an object"));
  for (const char* const text :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})", "{\"keys\":[]} x", "null"}) {
    CAPTURE(text);
    CHECK_FALSE(error_of(read_jwks(text, JwksOrigin::file)).empty());
  }
  const json wide{{"keys", {rsa}}, {"x", std::vector<int>(access_limits.json_values_max, 0)}};
  CHECK_THAT(error_of(read_jwks(wide.dump(), JwksOrigin::file)), Contains("not a JWKS"));
  std::vector<json> many(65, rsa);
  CHECK_THAT(error_of(read_jwks(json{{"keys", many}}.dump(), JwksOrigin::file)),
             Contains("65 keys"));
}

TEST_CASE("a secret may stand in a file's set and not in a URL's", "[access]") {
  const json secret = secret_signer().jwk({{"kid", "s"}});
  CHECK(keys_of(read_set({secret})).front().algorithm() == Algorithm::hs256);
  CHECK_THAT(error_of(read_set({secret}, JwksOrigin::url)), Contains("URL"));
}

TEST_CASE("keys in use keep their numbers and withdrawn ones are returned", "[access]") {
  const auto one = keys_of(read_set({rsa_signer().jwk({{"kid", "one"}})})).front();
  const auto two = keys_of(read_set({ec_signer().jwk({{"kid", "two"}})})).front();
  KeySet set;
  CHECK(set.replace({one, two, one}).empty());
  REQUIRE(set.members().size() == 2);
  const auto first = set.members()[0].number;
  const auto second = set.members()[1].number;
  CHECK(first != second);
  CHECK(set.replace({two}) == std::vector{first});
  CHECK(set.members()[0].number == second);
  CHECK(set.replace({one, two}).empty());
  CHECK(set.members()[0].number > second);  // It may have been withdrawn for a reason.
  CHECK(set.members()[1].number == second);
  CHECK(set.replace({}).size() == 2);
}

}  // namespace
}  // namespace regstream::access
