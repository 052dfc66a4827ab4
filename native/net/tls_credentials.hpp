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

/// What a server proves itself by, and the TLS that it speaks: 1.2 and 1.3 with the ciphers of
/// Mozilla's "intermediate" configuration, HTTP/1.1 alone (RFC 7301), no client certificates. From
/// any thread: all loops show the same, and take up each other's sessions.
class TlsCredentials {
 public:
  /// Reads the files. Throws std::runtime_error with one sentence that says what to do. What can be
  /// used, but should not be, is a warning in the log: a key that everybody may read, a certificate
  /// that has expired.
  explicit TlsCredentials(TlsFiles files);

  /// Reads the files again, for connections to come; those that are open keep what they have.
  /// Files that can't be used, or hold a certificate that is not valid now, change nothing: the
  /// sentence says what is wrong with them.
  [[nodiscard]] std::optional<std::string> reload();

  /// When the first of the certificates that new connections are shown expires, in seconds since
  /// the Unix epoch: the server's own, or one of its issuers in the same file.
  [[nodiscard]] std::int64_t expiry_timestamp_s() const;

  /// The server's side of a new connection on `socket`. Throws std::bad_alloc.
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
  mutable std::mutex mutex_;  // Guards the pointer; what it points to is OpenSSL's to guard.
  Context context_;
};

}  // namespace regstream::net
