#include "access/token_verifier.hpp"

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

#include "access/base64url.hpp"
#include "signer.hpp"

namespace regstream::access {
namespace {

using Catch::Contains;
using nlohmann::json;
using test::ec_signer, test::key_set, test::now_ms, test::now_s, test::right_payload,
    test::rsa_signer, test::secret_signer, test::Signer;

std::vector<Workflow> served() {
  Workflow cards = registration_workflow();
  cards.name = "card";
  cards.id_kind = IdKind::text;
  return {registration_workflow(), cards};
}

TokenVerifier verifier(TokenRules rules = {}) {
  return {std::move(rules), served(), system_random_bytes};
}

/// "granted", "unknown key", or the sentence.
std::string verdict(const std::string& token, const KeySet& keys, TokenRules rules = {}) {
  const auto result = verifier(std::move(rules)).verify(token, keys, now_ms);
  if (const auto* const error = std::get_if<TokenError>(&result)) {
    return error->what;
  }
  return std::holds_alternative<UnknownKey>(result) ? "unknown key" : "granted";
}

std::string verdict_of(const json& members, TokenRules rules = {}) {
  return verdict(secret_signer().token(right_payload(members)), key_set({&secret_signer()}),
                 std::move(rules));
}

TEST_CASE("a token of each algorithm is verified by its key", "[access]") {
  for (const Signer* const signer : {&secret_signer(), &rsa_signer(), &ec_signer()}) {
    const std::string token = signer->token(right_payload());
    CHECK(verdict(token, key_set({signer})) == "granted");
    CHECK(verdict(token, key_set({&secret_signer(), &rsa_signer(), &ec_signer()})) == "granted");
  }
}

TEST_CASE("a grant says what the token allows until when and by which key", "[access]") {
  const auto keys = key_set({&rsa_signer(), &ec_signer()});
  const auto make = [&](const std::string& token) {
    return std::get<GrantPtr>(verifier().verify(token, keys, now_ms));
  };
  const auto grant = make(ec_signer().token(right_payload({{"exp", now_s + 600.5}})));
  CHECK(grant->expires_timestamp_ms == now_ms + 600'500);
  CHECK(grant->ends_timestamp_ms == now_ms + 630'500);
  CHECK(grant->key == keys.members()[1].number);
  CHECK(grant->subscribe_to(registration_workflow()).ids == std::vector{InstanceId{42}});
  CHECK_FALSE(grant->inspect);
  CHECK_FALSE(grant->is_open);
}

TEST_CASE("a token's name is unique and reveals nothing and survives a second signature",
          "[access]") {
  const auto keys = key_set({&ec_signer()});
  const auto judge = verifier();
  const auto name = [&](const std::string& token) {
    return std::get<GrantPtr>(judge.verify(token, keys, now_ms))->token;
  };
  const std::string token = ec_signer().token(right_payload());
  CHECK(name(token).size() == 22);
  CHECK(name(token) == name(ec_signer().token(right_payload())));  // ECDSA signs at random.
  CHECK(name(token) != name(ec_signer().token(right_payload({{"jti", "other"}}))));
  CHECK(name(token) != std::get<GrantPtr>(verifier().verify(token, keys, now_ms))->token);
}

TEST_CASE("tokens of one subject of one issuer share a name", "[access]") {
  const auto keys = key_set({&ec_signer(), &rsa_signer()});
  const auto judge = verifier();
  const auto name = [&](const json& members, const Signer& signer = ec_signer()) {
    return std::get<GrantPtr>(judge.verify(signer.token(right_payload(members)), keys, now_ms))
        ->token;
  };
  const std::string subject = name({{"iss", "bank"}, {"sub", "somebody"}});
  CHECK(subject.size() == 22);
  CHECK(name({{"iss", "bank"}, {"sub", "somebody"}, {"exp", now_s + 99}, {"jti", "2"}}) == subject);
  CHECK(name({{"iss", "bank"}, {"sub", "somebody"}}, rsa_signer()) == subject);
  for (const json& other :
       {json{{"iss", "bank"}, {"sub", "other"}}, json{{"iss", "other"}, {"sub", "somebody"}},
        json{{"sub", "somebody"}}, json{{"iss", "bank"}},
        json{{"iss", R"(bank","somebody)"}, {"sub", ""}}}) {
    CAPTURE(other.dump());
    CHECK(name(other) != subject);
  }
  CHECK(name({{"iss", "bank"}, {"jti", "1"}}) != name({{"iss", "bank"}, {"jti", "2"}}));
  for (const json& no_text : {json(7), json(nullptr), json::array({"somebody"})}) {
    CHECK_THAT(verdict_of({{"sub", no_text}}), Contains("sub must be a text"));
  }
}

TEST_CASE("a token is valid from nbf to exp with the leeway", "[access]") {
  CHECK(verdict_of({{"exp", now_s - 29}}) == "granted");
  CHECK_THAT(verdict_of({{"exp", now_s - 30}}), Contains("expired"));
  CHECK(verdict_of({{"nbf", now_s + 30}}) == "granted");
  CHECK_THAT(verdict_of({{"nbf", now_s + 31}}), Contains("not valid yet"));
  CHECK(verdict_of({{"iat", now_s + 30}}) == "granted");
  CHECK_THAT(verdict_of({{"iat", now_s + 31}}), Contains("future"));
  CHECK_THAT(verdict_of({{"exp", now_s}}, {.leeway = Duration{0}}), Contains("expired"));
  CHECK(verdict_of({{"exp", now_s + 0.5}}, {.leeway = Duration{0}}) == "granted");
  for (const json& date :
       {json("1"), json(-1), json(nullptr), json(now_ms), json(1e300), json::array()}) {
    CAPTURE(date.dump());
    CHECK_THAT(verdict_of({{"exp", date}}), Contains("exp is not a time"));
    CHECK_THAT(verdict_of({{"nbf", date}}), Contains("nbf is not a time"));
  }
  CHECK_THAT(verdict(secret_signer().token(json::object()), key_set({&secret_signer()})),
             Contains("no exp"));
}

TEST_CASE("a token is of the issuer and for the audience that are asked for", "[access]") {
  const TokenRules rules{.issuer = "https://bank", .audience = "gateway"};
  const auto with = [&rules](json issuer, json audience) {
    return verdict_of({{"iss", std::move(issuer)}, {"aud", std::move(audience)}}, rules);
  };
  CHECK(with("https://bank", "gateway") == "granted");
  CHECK(with("https://bank", {"other", "gateway"}) == "granted");
  CHECK_THAT(with("https://bank/", "gateway"), Contains("issuer"));
  CHECK_THAT(with(json::array({"https://bank"}), "gateway"), Contains("issuer"));
  CHECK_THAT(with("https://bank", "Gateway"), Contains("audience"));
  CHECK_THAT(with("https://bank", json::array()), Contains("audience"));
  CHECK_THAT(with("https://bank", {{"gateway", true}}), Contains("audience"));
  CHECK_THAT(verdict_of(json::object(), {.issuer = "i"}), Contains("issuer"));
  CHECK_THAT(verdict_of(json::object(), {.audience = "a"}), Contains("audience"));
}

TEST_CASE("the key and not the header chooses the algorithm", "[access]") {
  // The classic attack: HMAC with the public key, which everyone has.
  const std::string pem = rsa_signer().public_pem();
  for (const std::string& known : {pem, pem.substr(0, pem.size() - 1), rsa_signer().public_der()}) {
    const auto forged = Signer::secret(known).token(right_payload());
    CHECK(verdict(forged, key_set({&rsa_signer()})) == "unknown key");
    KeySet named;
    named.replace(
        test::keys_of(read_jwks(test::jwks({rsa_signer().jwk({{"kid", "k"}})}), JwksOrigin::file)));
    CHECK_THAT(verdict(Signer::secret(known).token(right_payload(), {{"kid", "k"}}), named),
               Contains("alg is not the algorithm of the key"));
  }
  const std::string right = secret_signer().token(right_payload());
  const auto payload = right.substr(right.find('.') + 1);
  for (const char* const alg : {"none", "None", "NONE", "", "HS384", "HS512", "RS512", "PS256",
                                "ES384", "EdDSA", "hs256", "HS256 "}) {
    CAPTURE(alg);
    const std::string header = json{{"alg", alg}}.dump();
    CHECK_THAT(verdict(secret_signer().raw_token(header, right_payload().dump()),
                       key_set({&secret_signer()})),
               Contains("alg must be"));
    CHECK_THAT(verdict(encode_base64url(header) + "." + payload.substr(0, payload.find('.')) + ".",
                       key_set({&secret_signer()})),
               Contains("alg must be"));
  }
}

TEST_CASE("a header with a duplicate member or an unknown extension is refused", "[access]") {
  const auto with_header = [](const std::string& header) {
    return verdict(secret_signer().raw_token(header, right_payload().dump()),
                   key_set({&secret_signer()}));
  };
  CHECK(with_header(R"({"alg":"HS256"})") == "granted");
  CHECK_THAT(with_header(R"({"alg":"HS256","alg":"none"})"), Contains("twice"));
  CHECK_THAT(with_header(R"({"alg":"none","alg":"HS256"})"), Contains("twice"));
  CHECK_THAT(with_header(R"({"alg":["HS256"]})"), Contains("alg"));
  CHECK_THAT(with_header(R"({"alg":"HS256","crit":["exp"],"exp":1})"), Contains("crit"));
  CHECK_THAT(with_header(R"({"alg":"HS256","crit":[]})"), Contains("crit"));
  CHECK_THAT(with_header("[]"), Contains("not a JSON object"));
  CHECK_THAT(with_header(""), Contains("not a JSON object"));
  CHECK_THAT(with_header(R"({"alg":"HS256","x":[[[[[[[[[]]]]]]]]]})"),
             Contains("not a JSON object"));
  CHECK_THAT(with_header("{\"alg\":\"HS256\",\"x\":\"\xff\"}"), Contains("not a JSON object"));
}

TEST_CASE("a typ must say that it is a token or be absent", "[access]") {
  const auto with_type = [](const json& type) {
    return verdict(secret_signer().token(right_payload(), {{"typ", type}}),
                   key_set({&secret_signer()}));
  };
  for (const char* const type :
       {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"}) {
    CHECK(with_type(type) == "granted");
  }
  for (const json& type : {json("dpop+jwt"), json("logout+jwt"), json("JOSE"), json(""),
                           json("application/"), json(7), json(nullptr)}) {
    CAPTURE(type.dump());
    CHECK_THAT(with_type(type), Contains("typ"));
  }
}

TEST_CASE("a key is chosen by kid among our keys only", "[access]") {
  KeySet keys;
  keys.replace(test::keys_of(
      read_jwks(test::jwks({rsa_signer().jwk({{"kid", "a"}}), ec_signer().jwk({{"kid", "b"}})}),
                JwksOrigin::file)));
  CHECK(verdict(rsa_signer().token(right_payload(), {{"kid", "a"}}), keys) == "granted");
  CHECK(verdict(rsa_signer().token(right_payload()), keys) == "granted");
  CHECK_THAT(verdict(rsa_signer().token(right_payload(), {{"kid", "b"}}), keys),
             Contains("alg is not"));
  for (const char* const name :
       {"../../../../dev/null", "a'; DROP TABLE keys; --", "a\\u0000", "A", "a ", ""}) {
    CHECK(verdict(rsa_signer().token(right_payload(), {{"kid", name}}), keys) == "unknown key");
  }
  CHECK_THAT(verdict(rsa_signer().token(right_payload(), {{"kid", std::string(257, 'a')}}), keys),
             Contains("kid must be a text"));
  CHECK_THAT(verdict(rsa_signer().token(right_payload(), {{"kid", 1}}), keys),
             Contains("kid must be a text"));
  // The attacker's own key, where the header says it is.
  const Signer own = Signer::ec();
  CHECK_THAT(
      verdict(own.token(right_payload(), {{"jwk", own.jwk(json::object())}, {"kid", "b"}}), keys),
      Contains("signature is wrong"));
  CHECK_THAT(
      verdict(own.token(right_payload(), {{"jku", "https://evil/keys"}, {"x5u", "https://evil"}}),
              keys),
      Contains("signature is wrong"));
}

TEST_CASE("a key without kid is tried for every token and a few at most are", "[access]") {
  const auto keys = key_set({&ec_signer()});
  CHECK(verdict(ec_signer().token(right_payload(), {{"kid", "whatever"}}), keys) == "granted");
  CHECK(verdict(Signer::ec().token(right_payload(), {{"kid", "whatever"}}), keys) == "unknown key");
  CHECK_THAT(verdict(Signer::ec().token(right_payload()), keys), Contains("signature is wrong"));
  std::vector<TokenKey> many;
  for (int next = 0; next < 5; ++next) {
    many.push_back(
        test::keys_of(read_secret(std::string(32, static_cast<char>('a' + next)))).front());
  }
  KeySet crowded;
  crowded.replace(many);
  CHECK_THAT(verdict(Signer::secret(std::string(32, 'a')).token(right_payload()), crowded),
             Contains("kid"));
}

TEST_CASE("any other byte makes another signature wrong", "[access]") {
  for (const Signer* const signer : {&secret_signer(), &ec_signer()}) {
    const auto keys = key_set({signer});
    const std::string token = signer->token(right_payload());
    for (std::size_t at = 0; at < token.size(); ++at) {
      std::string changed = token;
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      CHECK(verdict(changed, keys) != "granted");
      CHECK(verdict(token.substr(0, at), keys) != "granted");
    }
    CHECK(verdict(token + "A", keys) != "granted");
    CHECK(verdict(token + "=", keys) != "granted");
    CHECK(verdict(token + ".", keys) != "granted");
    CHECK(verdict(" " + token, keys) != "granted");
  }
}

TEST_CASE("an ECDSA signature has one length", "[access]") {
  const std::string token = ec_signer().token(right_payload());
  const std::size_t dot = token.rfind('.');
  const std::string signature = decode_base64url(token.substr(dot + 1)).value();
  const std::string longer =
      std::string(1, '\0') + signature.substr(0, 32) + std::string(1, '\0') + signature.substr(32);
  CHECK_THAT(verdict(token.substr(0, dot + 1) + encode_base64url(longer), key_set({&ec_signer()})),
             Contains("signature is wrong"));
  CHECK_THAT(verdict(token.substr(0, dot + 1) + encode_base64url(std::string(64, '\0')),
                     key_set({&ec_signer()})),
             Contains("signature is wrong"));
}

TEST_CASE("anything but a token is refused whatever its size", "[access]") {
  const auto keys = key_set({&secret_signer()});
  for (const char* const text :
       {"", ".", "..", "...", "a.b", "a.b.c.d.e", "e30.e30.", "Bearer", "e30=.e30=.AA"}) {
    CAPTURE(text);
    CHECK(verdict(text, keys).starts_with("The token"));
  }
  CHECK_THAT(verdict(std::string(1U << 20U, 'A'), keys), Contains("longer than 8192"));
  CHECK_THAT(verdict(secret_signer().token(right_payload({{"x", std::string(8192, 'x')}})), keys),
             Contains("longer than 8192"));
}

TEST_CASE("a payload is read strictly once it is verified", "[access]") {
  const auto keys = key_set({&secret_signer()});
  const auto with_payload = [&keys](const std::string& payload) {
    return verdict(secret_signer().raw_token(R"({"alg":"HS256"})", payload), keys);
  };
  const std::string exp = std::to_string(now_s + 60);
  CHECK(with_payload("{\"exp\":" + exp + "}") == "granted");
  CHECK_THAT(with_payload("{\"exp\":1,\"exp\":" + exp + "}"), Contains("twice"));
  CHECK_THAT(
      with_payload("{\"exp\":" + exp + ",\"regstream\":{\"inspect\":true,\"inspect\":false}}"),
      Contains("twice"));
  for (const char* const text : {"", "[]", "1", "{\"exp\":1e999}", "{\"exp\":", "\xef\xbb\xbf"}) {
    CHECK(with_payload(text).starts_with("The token's payload is not a JSON object"));
  }
  CHECK(with_payload("{\"exp\":" + exp + "}" + '\0')
            .starts_with("The token's payload is not a JSON"));
  // A sender without a key learns nothing about a token's other mistakes.
  CHECK_THAT(
      verdict(Signer::secret(std::string(32, 'x')).raw_token(R"({"alg":"HS256"})", "[]"), keys),
      Contains("signature is wrong"));
}

TEST_CASE("no sentence quotes the token", "[access]") {
  const auto keys = key_set({&secret_signer()});
  for (const json& header : {json{{"alg", "SECRET"}}, json{{"typ", "SECRET"}},
                             json{{"kid", {{"SECRET", 1}}}}, json{{"crit", {"SECRET"}}}}) {
    CHECK_THAT(verdict(secret_signer().token(right_payload(), header), keys), !Contains("SECRET"));
  }
  for (const json& members :
       {json{{"iss", "SECRET"}}, json{{"exp", "SECRET"}}, json{{"regstream", "SECRET"}},
        json{{"regstream", {{"subscribe", {"registration:SECRET"}}}}},
        json{{"regstream", {{"subscribe", {"SECRET"}}}}}}) {
    CHECK_THAT(verdict_of(members, {.issuer = "i"}), !Contains("SECRET"));
  }
}

}  // namespace
}  // namespace regstream::access
