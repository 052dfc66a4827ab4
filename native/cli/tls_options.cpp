#include "cli/tls_options.hpp"

#include <CLI/CLI.hpp>

namespace regstream::cli {

void add_tls_options(CLI::App& command, TlsOptions& options) {
  const std::string group = "TLS";
  CLI::Option* const certificate =
      command
          .add_option("--tls-cert", options.certificate,
                      "PEM FILE with the server's certificate and its intermediate certificates. "
                      "The gateway then serves https only. SIGHUP reloads it")
          ->group(group);
  CLI::Option* const key =
      command
          .add_option("--tls-key", options.key,
                      "PEM FILE with that certificate's key. SIGHUP reloads it")
          ->group(group);
  certificate->needs(key);
  key->needs(certificate);
}

std::unique_ptr<net::TlsCredentials> tls_credentials(const TlsOptions& options) {
  return options.certificate.empty() ? nullptr
                                     : std::make_unique<net::TlsCredentials>(net::TlsFiles{
                                           .certificate = options.certificate, .key = options.key});
}

}  // namespace regstream::cli
