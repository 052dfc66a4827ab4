#include "access/claims.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>
#include <variant>

#include "access/access_limits.hpp"

namespace regstream::access {
namespace {

using Json = nlohmann::json;

/// 9999-12-31T23:59:59Z.
constexpr double numeric_date_max = 253'402'300'799.0;

/// A NumericDate (RFC 7519, 2) in milliseconds. Empty: the token has none.
std::variant<std::optional<std::int64_t>, TokenError> read_date(const Json& payload,
                                                                const char* name) {
  const auto found = payload.find(name);
  if (found == payload.end()) {
    return std::optional<std::int64_t>{};
  }
  const double seconds = found->is_number() ? found->get<double>() : -1;
  if (seconds < 0 || seconds > numeric_date_max) {
    return TokenError{
        DenialReason::invalid_claims,
        std::string("The token's ") + name +
            " is not a time: it must be a number of seconds since 1970, before the year 10000."};
  }
  return std::optional{static_cast<std::int64_t>(std::floor(seconds * 1000))};
}

bool is_for(const Json& payload, const std::string& audience) {
  const auto found = payload.find("aud");
  if (found == payload.end()) {
    return false;
  }
  const auto is_it = [&audience](const Json& name) {
    return name.is_string() && name.get_ref<const std::string&>() == audience;
  };
  return found->is_array() ? std::any_of(found->begin(), found->end(), is_it) : is_it(*found);
}

std::optional<TokenError> check_parties(const Json& payload, const TokenRules& rules) {
  if (!rules.issuer.empty()) {
    const auto issuer = payload.find("iss");
    if (issuer == payload.end() || *issuer != rules.issuer) {
      return TokenError{DenialReason::wrong_issuer, "The token has another issuer (iss)."};
    }
  }
  if (!rules.audience.empty() && !is_for(payload, rules.audience)) {
    return TokenError{DenialReason::wrong_audience, "The token is for another audience (aud)."};
  }
  return std::nullopt;
}

// --- Rights.

using Right = Reach Grant::Entry::*;

Reach& reach_of(Grant& grant, const std::string& workflow, Right right) {
  auto entry =
      std::find_if(grant.workflows.begin(), grant.workflows.end(),
                   [&workflow](const Grant::Entry& known) { return known.workflow == workflow; });
  if (entry == grant.workflows.end()) {
    grant.workflows.push_back({.workflow = workflow});
    entry = std::prev(grant.workflows.end());
  }
  return (*entry).*right;
}

std::optional<TokenError> read_right(std::string_view text, const std::vector<Workflow>& workflows,
                                     Right right, Grant& grant) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return TokenError{
        DenialReason::invalid_claims,
        "The token's regstream claim has an entry without a colon; it must be WORKFLOW:ID or "
        "WORKFLOW:*."};
  }
  const auto workflow = std::find_if(
      workflows.begin(), workflows.end(),
      [&](const Workflow& candidate) { return candidate.name == text.substr(0, colon); });
  if (workflow == workflows.end()) {
    return std::nullopt;
  }
  Reach& reach = reach_of(grant, workflow->name, right);
  const std::string_view id_text = text.substr(colon + 1);
  if (id_text == "*") {
    reach.everything = true;
    return std::nullopt;
  }
  auto id = parse_instance_id(id_text, workflow->id_kind);
  if (!id) {
    return TokenError{DenialReason::invalid_claims,
                      "The token's regstream claim has an invalid id of " + workflow->name +
                          ": it must be " + std::string(expected_instance_id(workflow->id_kind)) +
                          ", or * alone."};
  }
  reach.ids.push_back(*std::move(id));
  return std::nullopt;
}

std::optional<TokenError> read_list(const Json& claim, const char* name,
                                    const std::vector<Workflow>& workflows, Right right,
                                    Grant& grant) {
  const auto list = claim.find(name);
  if (list == claim.end()) {
    return std::nullopt;
  }
  const auto is_text = [](const Json& entry) { return entry.is_string(); };
  if (!list->is_array() || !std::all_of(list->begin(), list->end(), is_text)) {
    return TokenError{DenialReason::invalid_claims,
                      std::string("The token's regstream claim must have, in ") + name +
                          ", an array of texts: WORKFLOW:ID or WORKFLOW:*."};
  }
  for (const Json& entry : *list) {
    if (auto error = read_right(entry.get_ref<const std::string&>(), workflows, right, grant)) {
      return error;
    }
  }
  for (Grant::Entry& entry : grant.workflows) {
    Reach& reach = entry.*right;
    std::sort(reach.ids.begin(), reach.ids.end(), is_before);
    reach.ids.erase(std::unique(reach.ids.begin(), reach.ids.end()), reach.ids.end());
    if (reach.everything) {
      reach.ids.clear();
    }
    if (reach.ids.size() > access_limits.ids_max) {
      return TokenError{DenialReason::invalid_claims,
                        "The token's regstream claim has more than 100 ids of " + entry.workflow +
                            " to " + name + "; for more, use " + entry.workflow + ":*."};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<TokenError> read_registered_claims(const Json& payload, const TokenRules& rules,
                                                 std::int64_t now_timestamp_ms, Grant& grant) {
  const std::int64_t leeway = rules.leeway.count();
  std::optional<std::int64_t> expires;
  std::optional<std::int64_t> begins;
  std::optional<std::int64_t> issued;
  for (auto [name, date] :
       {std::pair{"exp", &expires}, std::pair{"nbf", &begins}, std::pair{"iat", &issued}}) {
    auto read = read_date(payload, name);
    if (auto* const error = std::get_if<TokenError>(&read)) {
      return std::move(*error);
    }
    *date = std::get<0>(read);
  }
  if (!expires) {
    return TokenError{DenialReason::invalid_claims,
                      "The token has no exp; one that never expires is not accepted."};
  }
  if (now_timestamp_ms >= *expires + leeway) {
    return TokenError{DenialReason::expired, "The token has expired."};
  }
  if (begins && now_timestamp_ms < *begins - leeway) {
    return TokenError{DenialReason::not_yet_valid, "The token is not valid yet (nbf)."};
  }
  if (issued && now_timestamp_ms < *issued - leeway) {
    return TokenError{DenialReason::not_yet_valid,
                      "The token was issued in the future (iat): compare the clocks."};
  }
  grant.expires_timestamp_ms = *expires;
  grant.ends_timestamp_ms = *expires + leeway;
  return check_parties(payload, rules);
}

std::optional<TokenError> read_rights(const Json& payload, const std::vector<Workflow>& workflows,
                                      Grant& grant) {
  const auto claim = payload.find("regstream");
  if (claim == payload.end()) {
    return std::nullopt;
  }
  if (!claim->is_object()) {
    return TokenError{DenialReason::invalid_claims,
                      "The token's regstream claim must be an object."};
  }
  if (auto error = read_list(*claim, "subscribe", workflows, &Grant::Entry::subscribe, grant)) {
    return error;
  }
  if (auto error = read_list(*claim, "publish", workflows, &Grant::Entry::publish, grant)) {
    return error;
  }
  if (const auto inspect = claim->find("inspect"); inspect != claim->end()) {
    if (!inspect->is_boolean()) {
      return TokenError{DenialReason::invalid_claims,
                        "The token's regstream claim must have true or false in inspect."};
    }
    grant.inspect = inspect->get<bool>();
  }
  return std::nullopt;
}

}  // namespace regstream::access
