#pragma once

#include <optional>
#include <string>

#include <openssl/types.h>

namespace regstream::net {

/// PEM files of a certificate, with its intermediate certificates, and of its key.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

/// Makes the context's connections use this certificate and key. Throws std::runtime_error with one
/// sentence that says what to do.
void use_certificate(SSL_CTX* context, const TlsFiles& files);

/// Why the context's certificate is not valid now, if it is not. `path` is its file, for the
/// sentence.
[[nodiscard]] std::optional<std::string> find_problem_of_time(const SSL_CTX* context,
                                                              const std::string& path);

}  // namespace regstream::net
