#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <openssl/types.h>

namespace regstream::net {

/// The outcome of a TLS step.
enum class TlsStep : std::uint8_t {
  done,
  wants_read,   ///< Call again with the same arguments when the socket can be read,
  wants_write,  ///< or written.
  ended,        ///< The peer ended its side in good order (close_notify).
  failed,
};

struct TlsResult {
  TlsStep step = TlsStep::failed;
  std::size_t bytes = 0;  ///< Bytes read or written; with `done` only.
};

/// The server's side of TLS on a socket. It never blocks, and raises no SIGPIPE when the peer has
/// gone.
///
/// It has no buffers while idle; Asio's own TLS stream keeps some for each connection.
class TlsSession {
 public:
  /// The largest content of a record (RFC 8446, 5.1). One write uses at most this much.
  static constexpr std::size_t record_bytes_max = 16U << 10U;

  /// The caller keeps `socket`, and must call `detach` before it closes it. Throws std::bad_alloc.
  TlsSession(SSL_CTX& context, int socket);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  /// Every step fails from now on, because the descriptor may soon belong to another socket.
  void detach() { socket_ = -1; }

  [[nodiscard]] TlsResult handshake();
  /// The handshake failed because the peer speaks HTTP without TLS.
  [[nodiscard]] bool has_seen_http() const { return has_seen_http_; }
  /// Handles at most one record, so that a peer can't hold the loop with empty records.
  [[nodiscard]] TlsResult read(std::span<char> into);
  /// Writes the first part of `bytes`. After `wants_write`, the next call must begin with the same
  /// bytes; they may be at another address, and more may follow.
  [[nodiscard]] TlsResult write(std::string_view bytes);
  /// Ends this side in good order, so the peer can tell it from a broken connection.
  [[nodiscard]] TlsResult shut_down();

 private:
  friend struct TlsSocketMethod;
  struct Free {
    void operator()(SSL* tls) const;
  };

  [[nodiscard]] TlsResult result_of(int returned, std::size_t bytes);

  int socket_;
  bool has_seen_http_ = false;
  std::unique_ptr<SSL, Free> tls_;
};

}  // namespace regstream::net
