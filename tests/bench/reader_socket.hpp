#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <openssl/types.h>

// A client's connection to the server on this machine, in the clear or by TLS. What goes wrong is
// thrown as std::runtime_error.

struct FreeTls {
  void operator()(SSL_CTX* context) const;
  void operator()(SSL* tls) const;
};

using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;

// Looks at no certificate: that is the client's work, and the server is what is measured.
TlsContext make_tls_context();

class ReaderSocket {
 public:
  // Begins to connect. Where there is a `context`, waits for the whole handshake.
  ReaderSocket(std::uint16_t port, SSL_CTX* context);

  // All of it, or nothing: then it is not connected yet. After this, `receive` waits for nothing.
  [[nodiscard]] bool send(std::string_view bytes);

  // The bytes that there are; nothing where there are none yet, 0 where the server has ended it. Of
  // TLS a record at most: the rest stays in the socket, where epoll sees it.
  std::optional<std::size_t> receive(std::span<char> into);

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  // Left to the end of the process, as are all of them.
  int descriptor_;
  std::unique_ptr<SSL, FreeTls> tls_;
};
