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
                "Require no tokens, whatever the address: everybody who can reach the gateway may "
                "read all updates")
      ->group(group);
  command
      .add_option(
          "--token-key", options.token_keys,
          "PEM FILE with a public key or a certificate that verifies tokens; may be repeated")
      ->expected(1)
      ->take_all()
      ->group(group);
  command
      .add_option("--token-secret", options.token_secrets,
                  "FILE with a secret that verifies tokens (HS256): one line of at least 32 "
                  "characters; may be repeated")
      ->expected(1)
      ->take_all()
      ->group(group);
  command
      .add_option("--token-jwks", options.token_jwks,
                  "FILE or URL of a JWKS whose keys verify tokens; may be repeated")
      ->expected(1)
      ->take_all()
      ->group(group);
  command
      .add_option(
          "--token-ca-file", options.token_ca_file,
          "PEM FILE with the CA certificates for the URL of --token-jwks, instead of the system's")
      ->group(group);
  command
      .add_option("--token-issuer", options.token_issuer, "The issuer (iss) that tokens must have")
      ->group(group);
  command
      .add_option("--token-audience", options.token_audience,
                  "An audience (aud) that tokens must have, alone or among others")
      ->group(group);
  command
      .add_option("--token-leeway-s", options.token_leeway_s,
                  "How many seconds the token issuer's clock may differ from this one")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{access::TokenRules::leeway_max / 1s}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--token-cookie", options.token_cookie,
                  "Name of the cookie that may hold a token; empty: no cookie")
      ->check(check_cookie_name)
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--cors-origin", options.cors_origins,
                  "Origin, such as https://bank.example, whose pages may use the gateway with "
                  "their visitors' cookies (CORS); may be repeated")
      ->expected(1)
      ->take_all()
      ->check(check_origin)
      ->group(group);
}

}  // namespace regstream::cli
