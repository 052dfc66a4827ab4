#include "net/tls_credentials.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "log/log.hpp"

namespace regstream::net {

namespace {

/// Forward secrecy and authenticated encryption. Those of TLS 1.3 are all of that kind.
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

/// Nobody is there to be asked: OpenSSL would ask the terminal.
int no_pass_phrase(char* /*into*/, int /*size*/, int /*is_for_writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

std::string in_quotes(std::string_view path) {
  return "\"" + std::string(path) + "\"";
}

void check_readable(const std::string& what, const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    throw std::runtime_error("the " + what + " " + in_quotes(path) +
                             " can't be read: " + std::generic_category().message(errno));
  }
  ::close(file);
}

void set_up(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, ciphers_1_2);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection gives its buffers back. A write may be repeated from another copy of its
  // bytes, and takes one record at a time. A read returns after each record, whatever it carries.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
  // Clients keep their sessions themselves (tickets); here they would be 20 000 entries.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

/// Why the certificate is not valid now, if it is not.
std::optional<std::string> find_problem_of_time(const SSL_CTX* context, const std::string& path) {
  const X509* const certificate = SSL_CTX_get0_certificate(context);
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
    return "the certificate " + in_quotes(path) + " has expired";
  }
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
    return "the certificate " + in_quotes(path) + " is not valid yet";
  }
  return std::nullopt;
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
  check_readable("certificate", files_.certificate);
  check_readable("key", files_.key);
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context) {
    throw std::bad_alloc();
  }
  set_up(context.get());
  bool is_encrypted = false;
  SSL_CTX_set_default_passwd_cb(context.get(), no_pass_phrase);
  SSL_CTX_set_default_passwd_cb_userdata(context.get(), &is_encrypted);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), files_.certificate.c_str()) != 1) {
    throw std::runtime_error(in_quotes(files_.certificate) +
                             " holds no certificate in PEM that can be used");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files_.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (is_encrypted) {
      throw std::runtime_error("the key " + in_quotes(files_.key) +
                               " is encrypted: give one without a pass phrase");
    }
    throw std::runtime_error(ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH
                                 ? "the key " + in_quotes(files_.key) +
                                       " is not that of the certificate " +
                                       in_quotes(files_.certificate)
                                 : in_quotes(files_.key) + " holds no private key in PEM");
  }
  SSL_CTX_set_default_passwd_cb_userdata(context.get(), nullptr);
  return context;
}

void TlsCredentials::warn_of_readable_key() const {
  struct stat status {};
  if (::stat(files_.key.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    logging::warn("tls key", "everybody on this machine may read the key {}: chmod o-r",
                  in_quotes(files_.key));
  }
}

}  // namespace regstream::net
