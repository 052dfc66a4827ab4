#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <openssl/types.h>

namespace regstream::net {

/// What became of a step of TLS.
enum class TlsStep : std::uint8_t {
  done,
  wants_read,   ///< Call again, with the same arguments, once the socket can be read,
  wants_write,  ///< or written.
  ended,        ///< The peer has ended its side in good order (close_notify).
  failed,
};

struct TlsResult {
  TlsStep step = TlsStep::failed;
  std::size_t bytes = 0;  ///< Read or written: with `done` only.
};

/// The server's side of TLS on a socket. It waits for nothing, and raises no signal where the peer
/// has gone.
///
/// Asio's own stream keeps buffers for each connection; this has none while it is idle.
class TlsSession {
 public:
  /// A record's content (RFC 8446, 5.1): a write of more makes no use of the rest at once.
  static constexpr std::size_t record_bytes_max = 16U << 10U;

  /// `socket` stays the caller's: `detach` before it is closed. Throws std::bad_alloc.
  TlsSession(SSL_CTX& context, int socket);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  /// Every step fails from now on: the socket's number may be another's next.
  void detach() { socket_ = -1; }

  [[nodiscard]] TlsResult handshake();
  /// The handshake has failed, since the peer began to speak HTTP in the clear.
  [[nodiscard]] bool has_met_http() const { return has_met_http_; }
  /// Handles one record at most, so that a peer can't hold the loop by those that carry nothing.
  [[nodiscard]] TlsResult read(std::span<char> into);
  /// Takes a part of `bytes`, from their beginning on. After `wants_write` the next call must begin
  /// with the same bytes, at any place; more may follow them.
  [[nodiscard]] TlsResult write(std::string_view bytes);
  /// Ends this side in good order: the peer can tell this from a connection that broke.
  [[nodiscard]] TlsResult shut_down();

 private:
  friend struct TlsSocketMethod;
  struct Free {
    void operator()(SSL* tls) const;
  };

  [[nodiscard]] TlsResult result_of(int returned, std::size_t bytes);

  int socket_;
  bool has_met_http_ = false;
  std::unique_ptr<SSL, Free> tls_;
};

}  // namespace regstream::net
