#include "cli/access_options.hpp"

#include <chrono>
#include <cstdint>

#include <CLI/CLI.hpp>

#include "access/claims.hpp"
#include "cli/option_checks.hpp"

namespace regstream::cli {

void add_access_options(CLI::App& command, AccessOptions& options) {
  const std::string group = "Access";
  command
      .add_flag("--open", options.open,
                "Let everybody in who reaches the gateway, on any address: for networks where all "
                "may read everything")
      ->group(group);
  command
      .add_option("--cors-origin", options.cors_origins,
                  "Origin whose pages may use the gateway, with their visitors' cookies, such as "
                  "https://bank.example; may be repeated")
      ->expected(1)
      ->take_all()
      ->check(check_origin)
      ->group(group);
  command
      .add_option(
          "--token-key", options.token_keys,
          "FILE with a key that tokens (JWT) are verified by: a public key or a certificate "
          "in PEM (RS256, ES256), or a secret (HS256); may be repeated. With a key, only "
          "whoever has a token is let in")
      ->expected(1)
      ->take_all()
      ->group(group);
  command
      .add_option("--token-jwks", options.token_jwks,
                  "FILE or https URL of a set of such keys (JWKS); may be repeated. A URL is asked "
                  "again every five minutes, and for an unknown key")
      ->expected(1)
      ->take_all()
      ->group(group);
  command
      .add_option("--ca-file", options.ca_file,
                  "FILE in PEM with the issuers that are trusted for a JWKS's URL (the system's)")
      ->group(group);
  command
      .add_option("--token-issuer", options.token_issuer,
                  "What a token's iss has to be (any, or none)")
      ->group(group);
  command
      .add_option("--token-audience", options.token_audience,
                  "What has to be a token's aud, or among it (any, or none)")
      ->group(group);
  command
      .add_option("--token-leeway-s", options.token_leeway_s,
                  "Seconds by which the issuer's clock may differ from this machine's")
      ->check(CLI::Range(
          std::int64_t{0},
          std::chrono::duration_cast<std::chrono::seconds>(access::TokenRules::leeway_max).count()))
      ->capture_default_str()
      ->group(group);
  command
      .add_option(
          "--token-cookie", options.token_cookie,
          "Cookie that may hold the token. A browser takes a __Host- cookie by HTTPS alone; "
          "with an empty name no cookie is looked at")
      ->check(check_cookie_name)
      ->capture_default_str()
      ->group(group);
}

}  // namespace regstream::cli
