#include "net/tls_session.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace regstream::net {

/// OpenSSL's access to the socket. OpenSSL's own BIO would raise SIGPIPE.
struct TlsSocketMethod {
  static int socket_of(BIO* bio) {
    return static_cast<const TlsSession*>(BIO_get_data(bio))->socket_;
  }

  static bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t sent =
        ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && would_block()) {
      BIO_set_retry_write(bio);
    }
    return static_cast<int>(sent);
  }

  static int read(BIO* bio, char* into, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t received =
        ::recv(socket_of(bio), into, static_cast<std::size_t>(size), MSG_DONTWAIT);
    if (received < 0 && would_block()) {
      BIO_set_retry_read(bio);
    }
    return static_cast<int>(received);
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;  // There is no buffer to flush.
  }

  static BIO_METHOD* instance() {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
      if (made == nullptr) {
        throw std::bad_alloc();
      }
      BIO_meth_set_write(made, write);
      BIO_meth_set_read(made, read);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    return method;
  }
};

void TlsSession::Free::operator()(SSL* tls) const {
  SSL_free(tls);
}

TlsSession::TlsSession(SSL_CTX& context, int socket) : socket_(socket), tls_(SSL_new(&context)) {
  BIO* const bio = tls_ ? BIO_new(TlsSocketMethod::instance()) : nullptr;
  if (bio == nullptr) {
    throw std::bad_alloc();
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(tls_.get(), bio, bio);
  SSL_set_accept_state(tls_.get());
}

TlsSession::~TlsSession() = default;

TlsResult TlsSession::handshake() {
  ERR_clear_error();
  return result_of(SSL_do_handshake(tls_.get()), 0);
}

TlsResult TlsSession::read(std::span<char> into) {
  ERR_clear_error();
  std::size_t bytes = 0;
  const int returned = SSL_read_ex(tls_.get(), into.data(), into.size(), &bytes);
  return result_of(returned, bytes);
}

TlsResult TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  std::size_t written = 0;
  const int returned = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &written);
  return result_of(returned, written);
}

TlsResult TlsSession::shut_down() {
  ERR_clear_error();
  const int returned = SSL_shutdown(tls_.get());
  // 0: sent, but the peer's own has not arrived. Nothing waits for that.
  return returned >= 0 ? TlsResult{.step = TlsStep::done} : result_of(returned, 0);
}

TlsResult TlsSession::result_of(int returned, std::size_t bytes) {
  if (returned > 0) {
    return {.step = TlsStep::done, .bytes = bytes};
  }
  switch (SSL_get_error(tls_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return {.step = TlsStep::wants_read};
    case SSL_ERROR_WANT_WRITE:
      return {.step = TlsStep::wants_write};
    case SSL_ERROR_ZERO_RETURN:
      return {.step = TlsStep::ended};
    default:
      has_seen_http_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
      return {.step = TlsStep::failed};
  }
}

}  // namespace regstream::net
