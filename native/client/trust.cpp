#include "client/trust.hpp"

#include <array>
#include <stdexcept>

#include <openssl/ssl.h>

#include "net/tls_client.hpp"

namespace regstream::client {

namespace ssl = boost::asio::ssl;

namespace {

/// Tells servers that also speak HTTP/2 that this client does not (RFC 7301, 3.1).
constexpr std::array<unsigned char, 9> alpn_http_1_1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

ssl::context make_context() {
  ssl::context context = net::make_client_tls();
  SSL_CTX_set_alpn_protos(context.native_handle(), alpn_http_1_1.data(), alpn_http_1_1.size());
  return context;
}

}  // namespace

Trust::Trust(const std::string& ca_file) {
  if (ca_file.empty()) {
    return;
  }
  context_.emplace(make_context());
  if (!net::trust_file(context_->native_handle(), ca_file)) {
    throw std::invalid_argument("the CA file \"" + ca_file +
                                "\" can't be read as certificates in PEM");
  }
}

ssl::context& Trust::context() {
  if (!context_) {
    context_.emplace(make_context());
    net::trust_system(context_->native_handle());
  }
  return *context_;
}

std::string explain_handshake(const SSL* tls, boost::system::error_code error,
                              const std::string& shown) {
  using Kind = net::TlsFault::Kind;
  const net::TlsFault fault = net::find_tls_fault(tls, error);
  const std::string certificate = "the certificate of " + shown;
  switch (fault.kind) {
    case Kind::expired:
      return certificate + " has expired";
    case Kind::not_yet_valid:
      return certificate + " is not valid yet; or this machine's clock is wrong";
    case Kind::other_name:
      return certificate + " is for another host";
    case Kind::unknown_issuer:
      return certificate + " comes from an issuer that this client doesn't trust (" + fault.detail +
             "): give the issuer's certificate as the CA file";
    case Kind::invalid:
      return certificate + " is not valid: " + fault.detail;
    case Kind::no_tls:
      return shown + " does not speak TLS on this port: is it an http:// URL?";
    case Kind::certificate_wanted:
    case Kind::certificate_refused:
    case Kind::other:
      break;
  }
  return "no TLS with " + shown + ": " + fault.detail;
}

}  // namespace regstream::client
