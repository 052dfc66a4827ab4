#include "net/tls_files.hpp"

#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace regstream::net {
namespace {

/// Gives no pass phrase. By default OpenSSL would ask on the terminal.
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

}  // namespace

void use_certificate(SSL_CTX* context, const TlsFiles& files) {
  check_readable("certificate", files.certificate);
  check_readable("key", files.key);
  bool is_encrypted = false;
  SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &is_encrypted);
  ERR_clear_error();
  const bool has_certificate =
      SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) == 1;
  const bool has_key = has_certificate && SSL_CTX_use_PrivateKey_file(context, files.key.c_str(),
                                                                      SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (!has_certificate) {
    throw std::runtime_error(in_quotes(files.certificate) + " has no usable PEM certificate");
  }
  if (has_key) {
    return;
  }
  if (is_encrypted) {
    throw std::runtime_error("the key " + in_quotes(files.key) +
                             " is encrypted: give a key without a pass phrase");
  }
  throw std::runtime_error(ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH
                               ? "the key " + in_quotes(files.key) +
                                     " does not belong to the certificate " +
                                     in_quotes(files.certificate)
                               : in_quotes(files.key) + " has no PEM private key");
}

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

}  // namespace regstream::net
