#include "reader_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace {

[[noreturn]] void throw_system(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

[[noreturn]] void throw_tls(const std::string& what) {
  const char* const reason = ERR_reason_error_string(ERR_get_error());
  throw std::runtime_error(what + ": " + (reason == nullptr ? "no reason" : reason));
}

}  // namespace

void FreeTls::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

void FreeTls::operator()(SSL* tls) const {
  SSL_free(tls);
}

TlsContext make_tls_context() {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) {
    throw_tls("SSL_CTX_new");
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

ReaderSocket::ReaderSocket(std::uint16_t port, SSL_CTX* context)
    : descriptor_(socket(AF_INET, SOCK_STREAM | (context == nullptr ? SOCK_NONBLOCK : 0), 0)) {
  if (descriptor_ < 0) {
    throw_system("socket");
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    throw_system("connect");
  }
  if (context != nullptr) {
    tls_.reset(SSL_new(context));
    if (tls_ == nullptr || SSL_set_fd(tls_.get(), descriptor_) != 1 ||
        SSL_connect(tls_.get()) != 1) {
      throw_tls("the handshake");
    }
  }
}

bool ReaderSocket::send(std::string_view bytes) {
  const int size = static_cast<int>(bytes.size());
  if (tls_ != nullptr) {
    if (SSL_write(tls_.get(), bytes.data(), size) != size) {
      throw_tls("SSL_write");
    }
    if (fcntl(descriptor_, F_SETFL, O_NONBLOCK) != 0) {
      throw_system("fcntl");
    }
    return true;
  }
  const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) {
    return false;
  }
  if (sent != size) {
    throw_system("send");
  }
  return true;
}

std::optional<std::size_t> ReaderSocket::receive(std::span<char> into) {
  if (tls_ == nullptr) {
    const ssize_t size = recv(descriptor_, into.data(), into.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
      return std::nullopt;
    }
    return size < 0 ? 0 : static_cast<std::size_t>(size);
  }
  const int size = SSL_read(tls_.get(), into.data(), static_cast<int>(into.size()));
  if (size <= 0 && SSL_get_error(tls_.get(), size) == SSL_ERROR_WANT_READ) {
    return std::nullopt;
  }
  return size < 0 ? 0 : static_cast<std::size_t>(size);
}
