#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <openssl/types.h>

#include "net/tls_files.hpp"
#include "net/tls_session.hpp"

namespace regstream::net {

/// A server's certificate and key, and its TLS settings: 1.2 and 1.3 with the ciphers of Mozilla's
/// "intermediate" configuration, HTTP/1.1 only (RFC 7301), no client certificates. Use it from any
/// thread: all loops share it, and resume each other's TLS sessions.
class TlsCredentials {
 public:
  /// Reads the files. Throws std::runtime_error with one sentence that says what to do. Logs a
  /// warning for a key that everybody can read, and for an expired certificate.
  explicit TlsCredentials(TlsFiles files);

  /// Reads the files again, for new connections; open ones keep what they have. If the files can't
  /// be used, or the certificate is not valid now, nothing changes, and the returned sentence says
  /// why.
  [[nodiscard]] std::optional<std::string> reload();

  /// When the first certificate of the file expires, the server's own or an intermediate one, in
  /// seconds since the Unix epoch.
  [[nodiscard]] std::int64_t expiry_timestamp_s() const;

  /// Starts the server's side of TLS on a new connection's `socket`. Throws std::bad_alloc.
  [[nodiscard]] std::unique_ptr<TlsSession> accept(int socket) const {
    const std::lock_guard lock(mutex_);
    return std::make_unique<TlsSession>(*context_, socket);
  }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  using Context = std::unique_ptr<SSL_CTX, Free>;

  [[nodiscard]] Context load() const;
  void warn_of_readable_key() const;

  TlsFiles files_;
  mutable std::mutex mutex_;  // Guards the pointer. OpenSSL guards what it points to.
  Context context_;
};

}  // namespace regstream::net
