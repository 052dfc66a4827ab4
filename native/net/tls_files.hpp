#pragma once

#include <optional>
#include <string>

#include <openssl/types.h>

namespace regstream::net {

/// Where a certificate is, with those of the issuers between it and the root, and its key. Both in
/// PEM.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

/// Has the context's connections prove themselves by these files. Throws std::runtime_error with
/// one sentence that says what to do.
void use_certificate(SSL_CTX* context, const TlsFiles& files);

/// Why the certificate that is in use, of the file `path`, is not valid now, if it is not.
[[nodiscard]] std::optional<std::string> find_problem_of_time(const SSL_CTX* context,
                                                              const std::string& path);

}  // namespace regstream::net
