#include "access/token_verifier.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "access/access_limits.hpp"
#include "access/base64url.hpp"
#include "access/compact_token.hpp"
#include "access/strict_json.hpp"

namespace regstream::access {
namespace {

/// Identifies the owner of a token for limits: its subject, so that a renewed token is the same
/// owner. Without a subject, its signed part: not the whole token, since an ECDSA signature has two
/// forms. A signed part has no brackets, so the two can't collide.
std::variant<std::string, TokenError> find_holder(const nlohmann::json& payload,
                                                  const CompactToken& token) {
  const auto subject = payload.find("sub");
  if (subject == payload.end()) {
    return std::string(token.signed_part);
  }
  if (!subject->is_string()) {
    return TokenError{DenialReason::invalid_claims, "The token's sub must be a text."};
  }
  // A subject is unique within its issuer only (RFC 7519, 4.1.2).
  return nlohmann::json::array({payload.value("iss", nlohmann::json()), *subject}).dump();
}

}  // namespace

TokenVerifier::TokenVerifier(TokenRules rules, std::vector<Workflow> workflows,
                             const RandomBytes& random)
    : rules_(std::move(rules)), workflows_(std::move(workflows)), name_key_(random(32)) {}

TokenVerifier::Verdict TokenVerifier::verify(std::string_view text, const KeySet& keys,
                                             std::int64_t now_timestamp_ms) const {
  auto parsed = parse_compact_token(text);
  if (auto* const error = std::get_if<TokenError>(&parsed)) {
    return std::move(*error);
  }
  const CompactToken& token = std::get<CompactToken>(parsed);
  const auto candidates = keys.candidates(token);
  const bool names_known_key = token.key_id && keys.has_key_id(*token.key_id);
  if (candidates.size() > access_limits.candidates_max) {
    return TokenError{
        DenialReason::ambiguous_key,
        "More than 4 keys may have signed the token: its issuer should name one by kid."};
  }
  const auto signer =
      std::find_if(candidates.begin(), candidates.end(),
                   [&token](const KeySet::Member* member) { return member->key.verifies(token); });
  if (signer != candidates.end()) {
    return read(token, (*signer)->number, now_timestamp_ms);
  }
  if (names_known_key && candidates.empty()) {
    return TokenError{DenialReason::wrong_algorithm,
                      "The token's alg is not the algorithm of the key that its kid names."};
  }
  if (!names_known_key && (token.key_id || candidates.empty())) {
    return UnknownKey{};
  }
  return TokenError{DenialReason::bad_signature, "The token's signature is wrong."};
}

TokenVerifier::Verdict TokenVerifier::read(const CompactToken& token, std::uint64_t key,
                                           std::int64_t now_timestamp_ms) const {
  const auto payload = parse_strict_json(decode_base64url(token.encoded_payload).value_or(""),
                                         access_limits.token_bytes_max);
  if (!payload) {
    return TokenError{DenialReason::malformed,
                      "The token's payload is not a JSON object, or has a member twice."};
  }
  auto grant = std::make_shared<Grant>();
  if (auto error = read_registered_claims(*payload, rules_, now_timestamp_ms, *grant)) {
    return *std::move(error);
  }
  if (auto error = read_rights(*payload, workflows_, *grant)) {
    return *std::move(error);
  }
  const auto holder = find_holder(*payload, token);
  if (const auto* const error = std::get_if<TokenError>(&holder)) {
    return *error;
  }
  grant->key = key;
  const std::string& name = std::get<std::string>(holder);
  grant->token = encode_base64url(hmac_sha256(name_key_, name).substr(0, 16));
  return GrantPtr{std::move(grant)};
}

}  // namespace regstream::access
