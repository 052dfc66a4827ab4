#include "access/token_policy.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>

#include "access/access_limits.hpp"
#include "access/credentials.hpp"
#include "broker/monotonic_clock.hpp"
#include "client/document.hpp"
#include "log/log.hpp"
#include "log/printable.hpp"

namespace regstream::access {
namespace {

using boost::beast::http::status;

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Denial no_credentials() {
  return {.status = status::unauthorized,
          .error = {},
          .detail = "The request has no token. Send one in the field Authorization: Bearer …",
          .reason = DenialReason::no_token};
}

Denial invalid_token(DenialReason reason, std::string detail) {
  return {.status = status::unauthorized,
          .error = "invalid_token",
          .detail = std::move(detail),
          .reason = reason};
}

Denial unavailable(DenialReason reason, std::string detail) {
  return {.status = status::service_unavailable,
          .error = {},
          .detail = std::move(detail),
          .reason = reason,
          .retry_after = std::chrono::seconds{5}};
}

Denial too_many(std::string detail, Duration wait, std::optional<DenialReason> reason = {}) {
  return {.status = status::too_many_requests,
          .error = {},
          .detail = std::move(detail),
          .reason = reason,
          .retry_after = std::chrono::ceil<std::chrono::seconds>(wait)};
}

Denial tickets_away() {
  return unavailable(DenialReason::tickets_unavailable,
                     "Tickets can't be issued or redeemed at the moment.");
}

std::vector<std::string> urls_of(const std::vector<KeySource>& sources) {
  std::vector<std::string> urls;
  for (const KeySource& source : sources) {
    if (source.kind == KeySource::Kind::jwks_url) {
      urls.push_back(source.place);
    }
  }
  return urls;
}

std::vector<std::string> quoted_urls(const std::vector<std::string>& urls) {
  std::vector<std::string> quoted;
  std::transform(urls.begin(), urls.end(), std::back_inserter(quoted),
                 [](const std::string& url) { return quote_value(url); });
  return quoted;
}

}  // namespace

TokenPolicy::TokenPolicy(boost::asio::io_context& context, TokenPolicyOptions options,
                         std::vector<Workflow> workflows, TicketStore& tickets, FetchKeys fetch)
    : context_(context),
      options_(std::move(options)),
      verifier_(options_.rules, std::move(workflows), system_random_bytes),
      tickets_(tickets),
      fetch_(std::move(fetch)),
      urls_(urls_of(options_.keys)),
      keeper_(quoted_urls(urls_), options_.refetching),
      timer_(context),
      self_(std::make_shared<TokenPolicy*>(this)) {
  if (options_.keys.empty()) {
    throw std::invalid_argument("a gateway that asks for tokens needs a key to verify them by");
  }
  for (const std::string& url : urls_) {
    if (const auto problem = client::document_url_problem(url)) {
      throw std::invalid_argument("the URL of a JWKS can't be used: " + *problem);
    }
  }
  if (const auto problems = keeper_.use_files(read_files()); !problems.empty()) {
    throw std::invalid_argument(problems.front());
  }
  advance();
}

// --- Requests.

void TokenPolicy::authenticate(const net::Request& request, const net::Target& target,
                               const Workflow* ticketed, Handler decided) {
  auto credentials = read_credentials(request, target, options_.cookie, ticketed != nullptr);
  if (auto* const denial = std::get_if<Denial>(&credentials)) {
    decided(std::move(*denial));
  } else if (auto* const token = std::get_if<SentToken>(&credentials)) {
    judge(std::move(token->text), std::move(decided));
  } else if (const auto* const ticket = std::get_if<SentTicket>(&credentials)) {
    redeem(ticket->text, *ticketed, std::move(decided));
  } else {
    decided(no_credentials());
  }
}

void TokenPolicy::issue_ticket(const net::Request& request, const net::Target& target,
                               const Workflow& workflow, TicketHandler done) {
  auto credentials = read_credentials(request, target, options_.cookie, false);
  if (auto* const denial = std::get_if<Denial>(&credentials)) {
    done(std::move(*denial));
    return;
  }
  const auto* const token = std::get_if<SentToken>(&credentials);
  if (token == nullptr) {
    done(no_credentials());
    return;
  }
  judge(token->text,
        [this, token = token->text, &workflow, done = std::move(done)](Decision decision) {
          if (auto* const denial = std::get_if<Denial>(&decision)) {
            done(std::move(*denial));
          } else {
            give_ticket(token, *std::get<GrantPtr>(decision), workflow, done);
          }
        });
}

void TokenPolicy::give_ticket(const std::string& token, const Grant& grant,
                              const Workflow& workflow, TicketHandler done) {
  if (grant.subscribe_to(workflow).is_empty()) {
    done(Denial{
        .status = status::forbidden,
        .error = "insufficient_scope",
        .detail = "The token allows no subscription to the workflow " + workflow.name + "."});
    return;
  }
  if (const auto wait = allowance_.refuse(grant.token, broker::monotonic_now())) {
    done(too_many("The token got too many tickets in a short time.", *wait));
    return;
  }
  const TicketKeys keys = TicketKeys::make(workflow, system_random_bytes);
  tickets_.keep(
      workflow, keys.name(), keys.seal(token),
      [ticket = keys.ticket(), done = std::move(done)](const TicketStore::KeepResult& kept) {
        if (std::holds_alternative<TicketKept>(kept)) {
          done(Ticket{.text = ticket, .lifetime = ticket_lifetime});
        } else if (const auto* const full = std::get_if<StoreFull>(&kept)) {
          done(too_many("There are too many unused tickets.", full->wait,
                        DenialReason::tickets_unavailable));
        } else {
          done(tickets_away());
        }
      });
}

void TokenPolicy::redeem(const std::string& ticket, const Workflow& workflow, Handler decided) {
  const Denial useless = invalid_token(
      DenialReason::invalid_ticket,
      "The ticket is unknown, older than 30 seconds, or was used already. Get a new one.");
  auto keys = TicketKeys::parse(ticket, workflow);
  if (!keys) {
    decided(useless);
    return;
  }
  const std::string name = keys->name();
  tickets_.redeem(workflow, name,
                  [weak = std::weak_ptr(self_), keys = *std::move(keys), useless,
                   decided = std::move(decided)](const TicketStore::RedeemResult& result) {
                    const auto self = weak.lock();
                    if (self == nullptr || std::holds_alternative<StoreAway>(result)) {
                      decided(tickets_away());
                      return;
                    }
                    const auto* const sealed = std::get_if<std::string>(&result);
                    auto token = sealed == nullptr ? std::nullopt : keys.unseal(*sealed);
                    if (!token) {
                      decided(useless);
                      return;
                    }
                    (*self)->judge(*std::move(token), decided);
                  });
}

TokenVerifier::Verdict TokenPolicy::verify(const std::string& token) const {
  return verifier_.verify(token, keeper_.keys(), wall_clock_ms());
}

void TokenPolicy::judge(std::string token, Handler decided) {
  auto verdict = verify(token);
  if (!std::holds_alternative<UnknownKey>(verdict) ||
      keeper_.on_unknown_key(broker::monotonic_now()) != KeyKeeper::Outlook::wait) {
    decided(decision(std::move(verdict)));
  } else if (waiting_.size() >= access_limits.waiting_max) {
    decided(unavailable(DenialReason::keys_unavailable,
                        "Too many requests wait for the keys that verify tokens."));
  } else {
    waiting_.push_back({.token = std::move(token), .decided = std::move(decided)});
  }
  advance();
}

Policy::Decision TokenPolicy::decision(TokenVerifier::Verdict verdict) const {
  if (auto* const grant = std::get_if<GrantPtr>(&verdict)) {
    return std::move(*grant);
  }
  if (auto* const error = std::get_if<TokenError>(&verdict)) {
    return invalid_token(error->reason, std::move(error->what));
  }
  return keeper_.outlook() == KeyKeeper::Outlook::unavailable
             ? unavailable(DenialReason::keys_unavailable,
                           "The keys that verify tokens can't be fetched at the moment.")
             : invalid_token(DenialReason::unknown_key, "The token's key is unknown here.");
}

// --- Keys.

std::vector<std::string> TokenPolicy::reload() {
  auto problems = keeper_.use_files(read_files());
  keeper_.refetch(broker::monotonic_now());
  advance();
  return problems;
}

std::vector<KeysResult> TokenPolicy::read_files() const {
  std::vector<KeysResult> results;
  for (const KeySource& source : options_.keys) {
    if (source.kind != KeySource::Kind::jwks_url) {
      results.push_back(read_key_file(source));
    }
  }
  return results;
}

void TokenPolicy::advance() {
  if (is_advancing_) {
    return;  // Called from the loop below, which continues.
  }
  is_advancing_ = true;
  // An exception of a handler leaves this turn of the loop; the next call of `advance` continues.
  const auto end = [](bool* is_advancing) { *is_advancing = false; };
  const std::unique_ptr<bool, decltype(end)> advancing(&is_advancing_, end);
  while (const auto action = keeper_.poll(broker::monotonic_now())) {
    std::visit([this](const auto& wanted) { act(wanted); }, *action);
  }
  arm_timer();
}

void TokenPolicy::act(const FetchKeySet& fetch) {
  // In a turn of its own: `fetch_` may answer within the call, and the loop may not run yet.
  boost::asio::post(context_, [weak = std::weak_ptr(self_), fetch] {
    const auto self = weak.lock();
    if (self == nullptr) {
      return;
    }
    (*self)->fetch_((*self)->urls_.at(fetch.source), [weak, fetch](const FetchResult& result) {
      if (const auto still = weak.lock()) {
        (*still)->keeper_.on_fetched(fetch, result, broker::monotonic_now());
        (*still)->advance();
      }
    });
  });
}

void TokenPolicy::act(const KeysWithdrawn& keys) {
  for (const std::uint64_t number : keys.numbers) {
    if (withdrawn_) {
      withdrawn_(number);
    }
  }
}

void TokenPolicy::act(const KeysSettled& /*settled*/) {
  for (const Waiting& request : std::exchange(waiting_, {})) {
    request.decided(decision(verify(request.token)));
  }
}

void TokenPolicy::act(const KeyNews& news) {
  // Each is logged once, so none may suppress the next: "fetched again" comes soon after "can't be
  // fetched".
  const auto condition = logging::Condition("token keys").of_kind(news_said_++);
  if (news.is_warning) {
    logging::warn(condition, "{}", news.what);
  } else {
    logging::info(condition, "{}", news.what);
  }
}

void TokenPolicy::arm_timer() {
  const auto deadline = keeper_.next_deadline();
  if (!deadline) {
    return;
  }
  timer_.expires_after(time_until(*deadline, broker::monotonic_now()));
  timer_.async_wait([weak = std::weak_ptr(self_)](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (!cancelled && self != nullptr) {
      (*self)->advance();
    }
  });
}

}  // namespace regstream::access
