#include "cli/access_set_up.hpp"

#include <chrono>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <utility>

#include "access/fetch_keys.hpp"
#include "access/key_source.hpp"
#include "access/redis_ticket_store.hpp"
#include "access/ticket_book.hpp"
#include "access/token_policy.hpp"
#include "log/log.hpp"
#include "net/exposure.hpp"

namespace regstream::cli {
namespace {

access::TokenPolicyOptions policy_options(const AccessOptions& options) {
  access::TokenPolicyOptions result;
  result.rules.issuer = options.token_issuer;
  result.rules.audience = options.token_audience;
  result.rules.leeway = std::chrono::seconds(options.token_leeway_s);
  result.cookie = options.token_cookie;
  for (const std::string& file : options.token_keys) {
    result.keys.push_back({.kind = access::KeySource::Kind::key_file, .place = file});
  }
  for (const std::string& place : options.token_jwks) {
    result.keys.push_back(access::jwks_source(place));
  }
  result.refetching.seed = std::random_device{}();
  return result;
}

std::unique_ptr<access::TicketStore> make_ticket_store(
    boost::asio::io_context& context, const std::optional<broker::RedisOptions>& redis) {
  if (!redis) {
    return std::make_unique<access::EmbeddedTicketStore>();
  }
  broker::RedisOptions own = *redis;
  own.seed = std::random_device{}();
  return std::make_unique<access::RedisTicketStore>(context, own);
}

std::optional<std::string> exposure_of(const ServeOptions& options) {
  return net::find_exposure(options.address, allowed_hosts_of(options));
}

}  // namespace

void check_exposure(const ServeOptions& options) {
  const AccessOptions& access = options.access;
  if (access.open && access.has_keys()) {
    throw std::invalid_argument(
        "--open lets everybody in, and --token-key and --token-jwks only who has a token: leave "
        "one of them out");
  }
  const auto exposure = exposure_of(options);
  if (exposure && !access.open && !access.has_keys()) {
    throw std::invalid_argument(
        *exposure +
        " lets other machines ask, and nothing says who may see what: give --token-key or "
        "--token-jwks to ask for tokens, --open to let everybody in, or listen on 127.0.0.1 only");
  }
}

bool is_local_only(const ServeOptions& options) {
  return !exposure_of(options);
}

void warn_of_open_gateway(const ServeOptions& options) {
  if (const auto exposure = exposure_of(options); exposure && options.access.open) {
    logging::warn("open gateway",
                  "everybody who reaches this gateway may read all updates (--open, {})",
                  *exposure);
  }
}

Access::Access(boost::asio::io_context& context, const AccessOptions& options,
               const std::vector<Workflow>& workflows,
               const std::optional<broker::RedisOptions>& redis)
    : tickets_(options.has_keys() ? make_ticket_store(context, redis) : nullptr),
      policy_(options.has_keys() ? std::make_unique<access::TokenPolicy>(
                                       context, policy_options(options), workflows, *tickets_,
                                       access::fetch_keys_by_https(context, options.ca_file))
                                 : nullptr),
      guard_(policy_ ? access::Guard(*policy_) : access::open_guard()) {}

Access::~Access() = default;

void Access::end_withdrawn(std::vector<gateway::Gateway*> gateways) {
  if (policy_) {
    policy_->on_withdrawn([gateways = std::move(gateways)](std::uint64_t key) {
      for (gateway::Gateway* const gateway : gateways) {
        gateway->withdraw(key);
      }
    });
  }
}

std::optional<std::string> Access::reload() {
  const std::vector<std::string> problems = policy_->reload();
  std::string text;
  for (const std::string& problem : problems) {
    text.append(text.empty() ? "" : "; ").append(problem);
  }
  return problems.empty() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace regstream::cli
