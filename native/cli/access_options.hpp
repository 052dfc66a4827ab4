#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Who may ask the gateway.
struct AccessOptions {
  bool open = false;
  std::vector<std::string> cors_origins;
  std::vector<std::string> token_keys;  ///< Files with one key each (`access::read_key`).
  std::vector<std::string> token_jwks;  ///< Files or https URLs.
  std::string ca_file;       ///< Issuers of such a URL's certificate; empty: the system's.
  std::string token_issuer;  ///< See `access::TokenRules`.
  std::string token_audience;
  std::int64_t token_leeway_s = 30;
  std::string token_cookie = "__Host-regstream";

  /// Tokens are asked for.
  [[nodiscard]] bool has_keys() const { return !token_keys.empty() || !token_jwks.empty(); }
};

/// Declares them; see `add_serve_options`.
void add_access_options(CLI::App& command, AccessOptions& options);

}  // namespace regstream::cli
