#include "net/tls_credentials.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <new>
#include <stdexcept>
#include <utility>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "log/log.hpp"
#include "log/printable.hpp"

namespace regstream::net {

namespace {

/// Forward secrecy and authenticated encryption; all ciphers of TLS 1.3 have both.
constexpr const char* ciphers_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// RFC 7301, 3.1.
constexpr std::array<unsigned char, 9> http_1_1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_protocol(SSL* /*tls*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*argument*/) {
  unsigned char* found = nullptr;
  const bool is_offered =
      SSL_select_next_proto(&found, chosen_size, http_1_1.data(), http_1_1.size(), offered,
                            offered_size) == OPENSSL_NPN_NEGOTIATED;
  *chosen = found;
  return is_offered ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_up(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, ciphers_1_2);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection releases its buffers. A write may be retried from another copy of its bytes,
  // and writes one record at a time. A read returns after each record, even one without data.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
  // Clients store their sessions themselves (tickets). A cache here would have 20 000 entries.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

std::int64_t expiry_of(const X509* certificate) {
  std::tm utc{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc);
  return ::timegm(&utc);
}

}  // namespace

TlsCredentials::TlsCredentials(TlsFiles files) : files_(std::move(files)), context_(load()) {
  if (const auto problem = find_problem_of_time(context_.get(), files_.certificate)) {
    logging::warn("tls certificate", "{}: browsers will refuse this server", *problem);
  }
  warn_of_readable_key();
}

std::optional<std::string> TlsCredentials::reload() {
  try {
    Context loaded = load();
    if (auto problem = find_problem_of_time(loaded.get(), files_.certificate)) {
      return problem;
    }
    const std::lock_guard lock(mutex_);
    context_.swap(loaded);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  warn_of_readable_key();
  return std::nullopt;
}

std::int64_t TlsCredentials::expiry_timestamp_s() const {
  const std::lock_guard lock(mutex_);
  std::int64_t first = expiry_of(SSL_CTX_get0_certificate(context_.get()));
  STACK_OF(X509)* issuers = nullptr;
  SSL_CTX_get0_chain_certs(context_.get(), &issuers);
  for (int index = 0; index < sk_X509_num(issuers); ++index) {
    first = std::min(first, expiry_of(sk_X509_value(issuers, index)));
  }
  return first;
}

void TlsCredentials::Free::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

TlsCredentials::Context TlsCredentials::load() const {
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context) {
    throw std::bad_alloc();
  }
  set_up(context.get());
  use_certificate(context.get(), files_);
  return context;
}

void TlsCredentials::warn_of_readable_key() const {
  struct stat status {};
  if (::stat(files_.key.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    logging::warn("tls key", "everybody on this machine can read the key {}: run chmod o-r on it",
                  quote_value(files_.key));
  }
}

}  // namespace regstream::net
