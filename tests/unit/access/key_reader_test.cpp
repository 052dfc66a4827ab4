#include "access/key_reader.hpp"

#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "access/access_limits.hpp"
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

TEST_CASE("a key in PEM fixes its algorithm", "[access]") {
  CHECK(keys_of(read_key(rsa_signer().public_pem())).front().algorithm() == Algorithm::rs256);
  CHECK(keys_of(read_key(ec_signer().public_pem())).front().algorithm() == Algorithm::es256);
  CHECK(keys_of(read_key(rsa_signer().certificate())).front().algorithm() == Algorithm::rs256);
  CHECK(keys_of(read_key("subject=somebody\n" + ec_signer().certificate())).size() == 1);
}

TEST_CASE("the same key is the same in every form", "[access]") {
  const auto pem = keys_of(read_key(rsa_signer().public_pem())).front();
  CHECK(pem == keys_of(read_key(rsa_signer().certificate())).front());
  CHECK(pem == keys_of(read_set({rsa_signer().jwk(json::object())})).front());
  CHECK(keys_of(read_key(ec_signer().public_pem())).front() ==
        keys_of(read_set({ec_signer().jwk(json::object())})).front());
  CHECK_FALSE(pem == keys_of(read_key(Signer::rsa().public_pem())).front());
  // Under another name it is another: its name says which tokens it may have signed.
  CHECK_FALSE(pem == keys_of(read_set({rsa_signer().jwk({{"kid", "a"}})})).front());
}

TEST_CASE("what is no public key in PEM is refused with a reason", "[access]") {
  CHECK_THAT(error_of(read_key(rsa_signer().private_pem())), Contains("private key"));
  CHECK_THAT(error_of(read_key(rsa_signer().public_pem() + ec_signer().public_pem())),
             Contains("more than one"));
  CHECK_THAT(error_of(read_key(Signer::rsa(1024).public_pem())), Contains("1024 bits"));
  CHECK_THAT(error_of(read_key(Signer::ec("P-384").public_pem())), Contains("P-256"));
  CHECK_THAT(error_of(read_key("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")),
             Contains("no public key"));
  CHECK_THAT(error_of(read_key("-----BEGIN ")), Contains("no public key"));
}

TEST_CASE("a secret is the bytes of a file without its last line end", "[access]") {
  const std::string secret(32, 's');
  const auto plain = keys_of(read_key(secret)).front();
  CHECK(plain.algorithm() == Algorithm::hs256);
  CHECK(plain == keys_of(read_key(secret + "\n")).front());
  CHECK(plain == keys_of(read_key(secret + "\r\n")).front());
  CHECK_FALSE(plain == keys_of(read_key(secret + "\n\n")).front());
}

TEST_CASE("what others know or may guess is no secret", "[access]") {
  CHECK_THAT(error_of(read_key(std::string(31, 's') + "\n")), Contains("31 bytes"));
  CHECK_THAT(error_of(read_key("")), Contains("0 bytes"));
  CHECK_THAT(error_of(read_key(std::string(5000, 's'))), Contains("4096"));
  CHECK_THAT(error_of(read_key(rsa_signer().public_der())), Contains("DER"));
  CHECK_THAT(error_of(read_key(jwks({rsa_signer().jwk(json::object())}))), Contains("JWKS"));
}

TEST_CASE("a set leaves out what is for something else, and says so", "[access]") {
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

TEST_CASE("a key that anybody could sign for is left out", "[access]") {
  json one = rsa_signer().jwk(json::object());
  one["e"] = "AQ";
  CHECK_THAT(note_of(one), Contains("exponent"));
  one["e"] = "AAAAAQ";
  CHECK_THAT(note_of(one), Contains("exponent"));
  one["e"] = "AQAA";
  CHECK_THAT(note_of(one), Contains("exponent"));
  json off_curve = ec_signer().jwk(json::object());
  off_curve["x"] = off_curve["y"];
  CHECK_THAT(note_of(off_curve), Contains("no key"));
  json padded = rsa_signer().jwk(json::object());
  padded["n"] = padded["n"].get<std::string>() + "==";
  CHECK_THAT(note_of(padded), Contains("0 bits"));
}

TEST_CASE("a set that somebody should mend is refused", "[access]") {
  const json rsa = rsa_signer().jwk({{"kid", "a"}});
  json with_private = rsa;
  with_private["d"] = "AA";
  CHECK_THAT(error_of(read_set({with_private})), Contains("private"));
  CHECK_THAT(error_of(read_set({rsa, ec_signer().jwk({{"kid", "a"}})})), Contains("kid"));
  CHECK_THAT(error_of(read_set({})), Contains("no key"));
  CHECK_THAT(error_of(read_set({Signer::rsa(1024).jwk(json::object())})), Contains("1024"));
  CHECK_THAT(error_of(read_set({json("x")})), Contains("no object"));
  for (const char* const text :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})", "{\"keys\":[]} x", "null"}) {
    CAPTURE(text);
    CHECK_FALSE(error_of(read_jwks(text, JwksOrigin::file)).empty());
  }
  const json wide{{"keys", {rsa}}, {"x", std::vector<int>(access_limits.json_values_max, 0)}};
  CHECK_THAT(error_of(read_jwks(wide.dump(), JwksOrigin::file)), Contains("no JWKS"));
  std::vector<json> many(65, rsa);
  CHECK_THAT(error_of(read_jwks(json{{"keys", many}}.dump(), JwksOrigin::file)),
             Contains("65 keys"));
}

TEST_CASE("a secret may stand in a file's set, and not in a URL's", "[access]") {
  const json secret = secret_signer().jwk({{"kid", "s"}});
  CHECK(keys_of(read_set({secret})).front().algorithm() == Algorithm::hs256);
  CHECK_THAT(error_of(read_set({secret}, JwksOrigin::url)), Contains("URL"));
}

TEST_CASE("keys in use keep their numbers, and withdrawn ones are told", "[access]") {
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
