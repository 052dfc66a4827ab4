#pragma once

#include <optional>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

namespace regstream::client {

/// The issuers that a client trusts: the system's, or those of a file instead.
class Trust {
 public:
  /// `ca_file` has PEM certificates; empty: the system's. Throws std::invalid_argument with one
  /// sentence if it can't be read.
  explicit Trust(const std::string& ca_file);

  /// Made at its first use, because few clients use https.
  [[nodiscard]] boost::asio::ssl::context& context();

 private:
  std::optional<boost::asio::ssl::context> context_;
};

/// Why a handshake failed, as a sentence without its full stop; `shown` names the URL.
[[nodiscard]] std::string explain_handshake(const SSL* tls, boost::system::error_code error,
                                            const std::string& shown);

}  // namespace regstream::client
