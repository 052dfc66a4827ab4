#include "client/trust.hpp"

#include <array>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

namespace regstream::client {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

namespace {

/// Whoever speaks HTTP/2 as well is to know that this client does not (RFC 7301, 3.1).
constexpr std::array<unsigned char, 9> alpn_http_1_1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

/// OpenSSL's own functions are called: those of Asio's context that give an error code return
/// another type where what is deprecated is compiled in, as in the archive of its sources.
ssl::context make_context() {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_alpn_protos(native, alpn_http_1_1.data(), alpn_http_1_1.size());
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  return context;
}

bool is_issuer_unknown(long result) {
  return result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         result == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
         result == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
         result == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
}

}  // namespace

Trust::Trust(const std::string& ca_file) {
  if (ca_file.empty()) {
    return;
  }
  context_.emplace(make_context());
  SSL_CTX* const native = context_->native_handle();
  ERR_clear_error();
  if (SSL_CTX_load_verify_file(native, ca_file.c_str()) != 1) {
    throw std::invalid_argument("the CA file \"" + ca_file +
                                "\" can't be read as certificates in PEM");
  }
  // An issuer that the file names is believed, whoever has signed its own certificate.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(native), X509_V_FLAG_PARTIAL_CHAIN);
}

ssl::context& Trust::context() {
  if (!context_) {
    context_.emplace(make_context());
    // Where the system has none, no certificate is believed.
    SSL_CTX_set_default_verify_paths(context_->native_handle());
  }
  return *context_;
}

bool expect_host(SSL* tls, const std::string& host) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1) {
    return true;  // SNI is for names.
  }
  // The dot that ends a name is for the resolver alone.
  const std::string name = host.substr(0, host.size() - (host.ends_with('.') ? 1 : 0));
  SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(tls, name.c_str()) == 1 && SSL_set_tlsext_host_name(tls, name.c_str()) == 1;
}

std::string explain_handshake(const SSL* tls, boost::system::error_code error,
                              const std::string& shown) {
  const long result = SSL_get_verify_result(tls);
  const std::string certificate = "the certificate of " + shown;
  if (result == X509_V_ERR_CERT_HAS_EXPIRED) {
    return certificate + " has expired";
  }
  if (result == X509_V_ERR_CERT_NOT_YET_VALID) {
    return certificate + " is not valid yet; or this machine's clock is wrong";
  }
  if (result == X509_V_ERR_HOSTNAME_MISMATCH || result == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return certificate + " is another host's";
  }
  if (is_issuer_unknown(result)) {
    return certificate + " is by an issuer that is not trusted here (" +
           X509_verify_cert_error_string(result) + "): give the issuer's certificate as CA file";
  }
  if (result != X509_V_OK) {
    return certificate + " is not valid: " + X509_verify_cert_error_string(result);
  }
  if (error.category() == asio::error::get_ssl_category() &&
      ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_WRONG_VERSION_NUMBER) {
    return shown + " does not speak TLS there: is it an http:// URL?";
  }
  return "no TLS with " + shown + ": " + error.message();
}

}  // namespace regstream::client
