#include "cli/access_set_up.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "access/fetch_keys.hpp"
#include "access/redis_ticket_store.hpp"
#include "access/ticket_book.hpp"
#include "log/log.hpp"
#include "net/exposure.hpp"

namespace regstream::cli {
namespace {

namespace asio = boost::asio;

bool has_keys(const AccessOptions& options) {
  return !options.token_keys.empty() || !options.token_secrets.empty() ||
         !options.token_jwks.empty();
}

bool is_local_origin(const std::string& origin) {
  const auto host = net::parse_host_port(std::string_view(origin).substr(origin.find("//") + 2));
  return host && net::is_local(*host);
}

/// The option that lets other machines, or pages from them, reach the gateway.
std::optional<std::string> exposure_of(const ServeOptions& options) {
  if (auto exposure = net::find_exposure(options.address, allowed_hosts_of(options))) {
    return exposure;
  }
  if (!options.limits.trusted_proxies.empty()) {
    return "--trusted-proxy " + options.limits.trusted_proxies.front();
  }
  const std::vector<std::string>& origins = options.access.cors_origins;
  const auto outer = std::find_if_not(origins.begin(), origins.end(), is_local_origin);
  return outer == origins.end() ? std::nullopt : std::optional("--cors-origin " + *outer);
}

/// An option that sets a rule for tokens, for when no key verifies them.
std::optional<std::string> rule_without_key(const AccessOptions& options) {
  if (!options.token_issuer.empty()) {
    return "--token-issuer";
  }
  return options.token_audience.empty() ? std::nullopt : std::optional("--token-audience");
}

access::TokenPolicyOptions policy_options(const AccessOptions& options) {
  access::TokenPolicyOptions result;
  result.rules = {.issuer = options.token_issuer,
                  .audience = options.token_audience,
                  .leeway = Duration(options.token_leeway_s * 1'000)};
  result.cookie = options.token_cookie;
  result.refetching.seed = std::random_device{}();
  for (const std::string& file : options.token_keys) {
    result.keys.push_back({.kind = access::KeySource::Kind::key_file, .place = file});
  }
  for (const std::string& file : options.token_secrets) {
    result.keys.push_back({.kind = access::KeySource::Kind::secret_file, .place = file});
  }
  for (const std::string& place : options.token_jwks) {
    result.keys.push_back(access::jwks_source(place));
  }
  return result;
}

std::optional<std::string> joined(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) {
    text.append(text.empty() ? "" : "; ").append(problem);
  }
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace

void check_exposure(const ServeOptions& options) {
  if (has_keys(options.access)) {
    if (options.access.open) {
      throw std::invalid_argument(
          "--open requires no tokens, so keys that verify tokens contradict it: give only one of "
          "them");
    }
    return;
  }
  if (const auto rule = rule_without_key(options.access)) {
    throw std::invalid_argument(*rule +
                                " has no effect without a key that verifies tokens: give "
                                "--token-key, --token-secret or --token-jwks");
  }
  const auto exposure = exposure_of(options);
  if (exposure && !options.access.open) {
    throw std::invalid_argument(*exposure +
                                " lets other machines reach the gateway, but no option says who "
                                "may read what: give --token-key, --token-secret or --token-jwks, "
                                "or --open to let everybody read, or listen on 127.0.0.1 only");
  }
}

bool has_publish_route(const ServeOptions& options) {
  return options.publish_route == "on" ||
         (options.publish_route == "auto" && (has_keys(options.access) || !exposure_of(options)));
}

AccessSetUp::AccessSetUp(asio::io_context& context, const AccessOptions& options,
                         const std::vector<Workflow>& workflows,
                         const std::optional<broker::RedisOptions>& redis)
    : open_(options.open ? access::OpenTo::everybody : access::OpenTo::this_machine) {
  if (!has_keys(options)) {
    return;
  }
  if (redis) {
    broker::RedisOptions own = *redis;
    // A seed of its own keeps gateways from reconnecting to a restarted Redis in step.
    own.seed = std::random_device{}();
    tickets_ = std::make_unique<access::RedisTicketStore>(context, own);
  } else {
    tickets_ = std::make_unique<access::EmbeddedTicketStore>();
  }
  tokens_ = std::make_unique<access::TokenPolicy>(
      context, policy_options(options), workflows, *tickets_,
      access::fetch_keys_by_https(context, options.token_ca_file));
}

access::Policy& AccessSetUp::policy() {
  return tokens_ ? static_cast<access::Policy&>(*tokens_) : open_;
}

void AccessSetUp::follow_keys(Reload& reload, std::function<void(std::uint64_t key)> withdrawn) {
  if (!tokens_) {
    return;
  }
  tokens_->on_withdrawn(std::move(withdrawn));
  reload.add("keys", [this] { return joined(tokens_->reload()); });
}

void warn_of_open_gateway(const ServeOptions& options) {
  const auto exposure = exposure_of(options);
  if (exposure && !has_keys(options.access)) {
    logging::warn("open gateway",
                  "everybody who can reach this gateway may read all updates (--open, {})",
                  *exposure);
  }
}

}  // namespace regstream::cli
