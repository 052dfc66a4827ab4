#include "cli/access_options.hpp"

#include <chrono>

#include <CLI/CLI.hpp>

#include "access/claims.hpp"
#include "cli/option_checks.hpp"

namespace regstream::cli {

using namespace std::chrono_literals;

void add_access_options(CLI::App& command, AccessOptions& options) {
  const std::string group = "Access";
  command
      .add_flag("--open", options.open,
                "Let everybody in who reaches the gateway, on any address: for networks where all "
                "may read everything")
      ->group(group);
  command
      .add_option("--token-key", options.token_keys,
                  "FILE with a public key, or a certificate, in PEM that tokens are verified by; "
                  "may be repeated")
      ->expected(1)
      ->take_all()
      ->group(group);
  command
      .add_option("--token-secret", options.token_secrets,
                  "FILE with a secret that tokens are verified by (HS256), at least 32 characters "
                  "in one line; may be repeated")
      ->expected(1)
      ->take_all()
      ->group(group);
  command
      .add_option("--token-jwks", options.token_jwks,
                  "FILE or URL of a JWKS with keys that tokens are verified by; may be repeated")
      ->expected(1)
      ->take_all()
      ->group(group);
  command
      .add_option("--token-ca-file", options.token_ca_file,
                  "PEM file of the issuers that the URL of a JWKS is trusted by, instead of the "
                  "system's")
      ->group(group);
  command.add_option("--token-issuer", options.token_issuer, "The iss that tokens must have")
      ->group(group);
  command
      .add_option("--token-audience", options.token_audience,
                  "The aud that tokens must have, maybe among others")
      ->group(group);
  command
      .add_option("--token-leeway-s", options.token_leeway_s,
                  "By how many seconds the clock of tokens' issuer may differ")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{access::TokenRules::leeway_max / 1s}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--token-cookie", options.token_cookie,
                  "Name of the cookie that may hold a token; empty: none may")
      ->check(check_cookie_name)
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--cors-origin", options.cors_origins,
                  "Origin whose pages may use the gateway, with their visitors' cookies, such as "
                  "https://bank.example; may be repeated")
      ->expected(1)
      ->take_all()
      ->check(check_origin)
      ->group(group);
}

}  // namespace regstream::cli
