#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/beast/http/message.hpp>
#include <nlohmann/json.hpp>
#include <regstream/workflow/registration.hpp>

#include "access/base64url.hpp"
#include "access/credentials.hpp"
#include "access/key_reader.hpp"
#include "access/key_set.hpp"
#include "access/sealed_token.hpp"
#include "access/token_verifier.hpp"

#include "check.hpp"
#include "input.hpp"

// Tokens, keys and credentials. The input is a header, a line end, and a payload. They are signed,
// so that the code after the signature check is tried, too. The same bytes are then tried as a
// whole token, as a JWKS, as the fields of a request, and as a ticket.

namespace regstream::fuzz {
namespace {

using namespace access;
using nlohmann::json;

constexpr std::int64_t now_ms = 1'702'493'000'000;
const std::string secret(32, 's');

const KeySet& keys() {
  static const KeySet set = [] {
    KeySet made;
    made.replace(std::get<KeysRead>(read_secret(secret)).keys);
    return made;
  }();
  return set;
}

const TokenVerifier& verifier() {
  static const TokenVerifier made = [] {
    Workflow cards = registration_workflow();
    cards.name = "card";
    cards.id_kind = IdKind::text;
    return TokenVerifier({}, {registration_workflow(), cards},
                         [](std::size_t count) { return std::string(count, 'n'); });
  }();
  return made;
}

void check_reach(const Reach& reach) {
  check(reach.ids.size() <= 100 && (!reach.everything || reach.ids.empty()), "a reach is bounded");
  check(std::is_sorted(reach.ids.begin(), reach.ids.end(), is_before) &&
            std::adjacent_find(reach.ids.begin(), reach.ids.end()) == reach.ids.end(),
        "a reach has each id once, in order");
  check(std::all_of(reach.ids.begin(), reach.ids.end(),
                    [&reach](const InstanceId& id) { return reach.covers(id); }),
        "a reach covers its ids");
}

void check_grant(const Grant& grant, std::string_view header, std::string_view payload) {
  const json said_of_itself = json::parse(header, nullptr, false);
  const json said = json::parse(payload, nullptr, false);
  check(said_of_itself.is_object() && said_of_itself["alg"] == "HS256" &&
            !said_of_itself.contains("crit"),
        "the header has the key's algorithm");
  check(said.is_object() && said.contains("exp") && said["exp"].is_number(), "exp is there");
  check(grant.ends_timestamp_ms > now_ms &&
            grant.ends_timestamp_ms - grant.expires_timestamp_ms == 30'000,
        "a token that has expired is none");
  check(!grant.is_open && grant.key != 0 && grant.token.size() == 22, "a grant is of a key");
  for (const Grant::Entry& entry : grant.workflows) {
    check(entry.workflow == "registration" || entry.workflow == "card",
          "a right is of a workflow served here");
    check_reach(entry.subscribe);
    check_reach(entry.publish);
  }
  check(said.contains("regstream") || (grant.workflows.empty() && !grant.inspect),
        "what is not said is not allowed");
}

/// Whether it is granted.
bool check_token(std::string_view token, std::string_view header, std::string_view payload) {
  const auto verdict = verifier().verify(token, keys(), now_ms);
  if (const auto* const error = std::get_if<TokenError>(&verdict)) {
    check(error->what.starts_with("The token") && error->what.ends_with('.') &&
              error->what.size() < 250,
          "an error is a sentence of ours");
  }
  const auto* const grant = std::get_if<GrantPtr>(&verdict);
  if (grant != nullptr) {
    check_grant(**grant, header, payload);
  }
  return grant != nullptr;
}

void check_signed(std::string_view header, std::string_view payload) {
  const std::string text = encode_base64url(header) + "." + encode_base64url(payload);
  const std::string token = text + "." + encode_base64url(hmac_sha256(secret, text));
  if (check_token(token, header, payload)) {
    std::string changed = token;
    changed[token.size() / 3] = changed[token.size() / 3] == 'A' ? 'B' : 'A';
    check(!check_token(changed, header, payload), "another byte makes the signature wrong");
  }
}

void check_jwks(std::string_view text) {
  const auto result = read_jwks(text, JwksOrigin::file);
  if (const auto* const read = std::get_if<KeysRead>(&result)) {
    check(json::accept(text) && !read->keys.empty() && read->keys.size() <= 64,
          "a set is JSON, and has keys");
  } else {
    check(!std::get<KeyError>(result).what.empty(), "an error says what it is");
  }
}

void check_credentials(std::string_view authorization, std::string_view cookie) {
  net::Request request;
  request.insert("Authorization", authorization);
  request.insert("Cookie", cookie);
  const auto found = read_credentials(request, {}, "token", true);
  check(!std::holds_alternative<SentTicket>(found), "no ticket was sent");
  if (const auto* const token = std::get_if<SentToken>(&found)) {
    check(!token->text.empty() && (authorization.find(token->text) != std::string_view::npos ||
                                   cookie.find(token->text) != std::string_view::npos),
          "a token was sent");
  }
}

void check_ticket(std::string_view text) {
  const auto keys_of_ticket = TicketKeys::parse(text, registration_workflow());
  check(!keys_of_ticket || keys_of_ticket->ticket() == text, "a ticket has one text");
  static const TicketKeys made = TicketKeys::make(
      registration_workflow(), [](std::size_t count) { return std::string(count, 't'); });
  check(made.unseal(made.seal(text)) == text, "what is sealed is opened");
  check(!made.unseal(text) || made.seal(*made.unseal(text)) == text, "nothing else is");
}

}  // namespace
}  // namespace regstream::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace regstream;
  fuzz::Input input{data, size};
  const fuzz::ExactCopy all{input.rest()};
  const fuzz::ExactCopy header{input.until('\n')};
  const fuzz::ExactCopy payload{input.rest()};
  fuzz::check_signed(header.view(), payload.view());
  fuzz::check(!fuzz::check_token(all.view(), {}, {}), "who has no key makes no token");
  fuzz::check_jwks(all.view());
  fuzz::check_credentials(header.view(), payload.view());
  fuzz::check_ticket(header.view());
  return 0;
}
