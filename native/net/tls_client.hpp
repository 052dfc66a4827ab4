#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

/// The client's side of TLS, for every protocol.
namespace regstream::net {

/// TLS 1.2 at least, with verification of the peer. No issuer is trusted yet.
[[nodiscard]] boost::asio::ssl::context make_client_tls();

/// Trusts the system's CA certificates. If the system has none, no certificate is accepted.
void trust_system(SSL_CTX* context);

/// Trusts the certificates in a PEM file, whoever signed them. False if the file can't be read as
/// PEM certificates.
[[nodiscard]] bool trust_file(SSL_CTX* context, const std::string& path);

/// Makes the handshake verify that the peer is `host`, a name or an address (RFC 6125, 6), and
/// sends that name to the peer (SNI: RFC 6066, 3). False: out of memory.
[[nodiscard]] bool expect_host(SSL* tls, const std::string& host);

/// Why TLS failed.
struct TlsFault {
  enum class Kind : std::uint8_t {
    expired,              ///< The peer's certificate.
    not_yet_valid,        ///< The peer's certificate, or this machine's clock.
    other_name,           ///< The peer's certificate is for another host.
    unknown_issuer,       ///< No trusted issuer signed the peer's certificate.
    invalid,              ///< The peer's certificate, for any other reason.
    no_tls,               ///< The peer speaks something else.
    certificate_wanted,   ///< The peer requires a certificate, and got none.
    certificate_refused,  ///< The peer doesn't accept the certificate that it got.
    other,
  };
  Kind kind = Kind::other;
  std::string detail;  ///< In OpenSSL's words.
};

/// Why a handshake failed, or a read after it: with TLS 1.3 a server refuses the client's
/// certificate only then (RFC 8446, 4.4.2.4).
[[nodiscard]] TlsFault find_tls_fault(const SSL* tls, const boost::system::error_code& error);

}  // namespace regstream::net
