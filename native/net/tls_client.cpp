#include "net/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

namespace regstream::net {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

namespace {

TlsFault::Kind kind_of_verdict(long verdict) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return TlsFault::Kind::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return TlsFault::Kind::not_yet_valid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return TlsFault::Kind::other_name;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return TlsFault::Kind::unknown_issuer;
    default:
      return TlsFault::Kind::invalid;
  }
}

/// Classifies OpenSSL's reason for an error: the peer's alert, or a mistake in its bytes.
TlsFault::Kind kind_of_reason(int reason, bool has_shown_certificate) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
      return TlsFault::Kind::no_tls;
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return TlsFault::Kind::certificate_wanted;
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      // TLS 1.2 uses this for a missing certificate, among other things.
      return has_shown_certificate ? TlsFault::Kind::other : TlsFault::Kind::certificate_wanted;
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return TlsFault::Kind::certificate_refused;
    default:
      return TlsFault::Kind::other;
  }
}

}  // namespace

// OpenSSL's own functions, because those of Asio's context with an error code return another type
// if deprecated functions are compiled in, as they are in the library with Asio's sources.
ssl::context make_client_tls() {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  return context;
}

void trust_system(SSL_CTX* context) {
  SSL_CTX_set_default_verify_paths(context);
}

bool trust_file(SSL_CTX* context, const std::string& path) {
  ERR_clear_error();
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  return SSL_CTX_load_verify_file(context, path.c_str()) == 1;
}

bool expect_host(SSL* tls, const std::string& host) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1) {
    return true;  // SNI is for names.
  }
  // A name's trailing dot is for the resolver only.
  const std::string name = host.substr(0, host.size() - (host.ends_with('.') ? 1 : 0));
  SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(tls, name.c_str()) == 1 && SSL_set_tlsext_host_name(tls, name.c_str()) == 1;
}

TlsFault find_tls_fault(const SSL* tls, const boost::system::error_code& error) {
  const long verdict = SSL_get_verify_result(tls);
  if (verdict != X509_V_OK) {
    return {.kind = kind_of_verdict(verdict), .detail = X509_verify_cert_error_string(verdict)};
  }
  if (error.category() != asio::error::get_ssl_category()) {
    return {.kind = TlsFault::Kind::other, .detail = error.message()};
  }
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  return {.kind = kind_of_reason(reason, SSL_get_certificate(tls) != nullptr),
          .detail = error.message()};
}

}  // namespace regstream::net
