#pragma once

#include <memory>
#include <string>

#include "net/tls_credentials.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// The server's certificate and key. Both empty: no TLS.
struct TlsOptions {
  std::string certificate;
  std::string key;
};

void add_tls_options(CLI::App& command, TlsOptions& options);

/// Null: no TLS. Throws std::runtime_error as `net::TlsCredentials` does.
[[nodiscard]] std::unique_ptr<net::TlsCredentials> tls_credentials(const TlsOptions& options);

}  // namespace regstream::cli
