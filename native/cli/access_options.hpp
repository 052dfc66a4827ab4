#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Options that decide who may use the gateway.
struct AccessOptions {
  bool open = false;
  std::vector<std::string> token_keys;
  std::vector<std::string> token_secrets;
  std::vector<std::string> token_jwks;
  std::string token_ca_file;
  std::string token_issuer;
  std::string token_audience;
  std::int64_t token_leeway_s = 30;
  std::string token_cookie = "__Host-regstream";
  std::vector<std::string> cors_origins;
};

/// Declares them; see `add_serve_options`.
void add_access_options(CLI::App& command, AccessOptions& options);

}  // namespace regstream::cli
