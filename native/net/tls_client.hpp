#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

/// A client's side of TLS: what clients of any protocol have to do alike.
namespace regstream::net {

/// TLS 1.2 at least, and the peer has to prove itself. Nobody's word is taken yet.
[[nodiscard]] boost::asio::ssl::context make_client_tls();

/// Takes the word of the system's issuers. Where it has none, no certificate is believed.
void trust_system(SSL_CTX* context);

/// Takes the word of those who have the certificates in the file (PEM), whoever has signed them.
/// False: it can't be read as such.
[[nodiscard]] bool trust_file(SSL_CTX* context, const std::string& path);

/// Has the handshake to come prove that the peer is `host`, a name or an address (RFC 6125, 6), and
/// tells the peer which name was asked for (SNI: RFC 6066, 3). False: there is no memory for it.
[[nodiscard]] bool expect_host(SSL* tls, const std::string& host);

/// What TLS failed by.
struct TlsFault {
  enum class Kind : std::uint8_t {
    expired,              ///< The peer's certificate.
    not_yet_valid,        ///< The peer's certificate, or this machine's clock.
    other_name,           ///< The peer's certificate is another host's.
    unknown_issuer,       ///< Nobody who is believed has signed the peer's certificate.
    invalid,              ///< The peer's certificate, for any other reason.
    no_tls,               ///< The peer speaks something else.
    certificate_wanted,   ///< The peer wants a certificate, and was shown none.
    certificate_refused,  ///< The peer does not believe the one that it was shown.
    other,
  };
  Kind kind = Kind::other;
  std::string detail;  ///< In OpenSSL's words.
};

/// Why a handshake failed; or a read after it, by which a server that speaks TLS 1.3 says what it
/// thinks of the client's certificate (RFC 8446, 4.4.2.4).
[[nodiscard]] TlsFault find_tls_fault(const SSL* tls, const boost::system::error_code& error);

}  // namespace regstream::net
