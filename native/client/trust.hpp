#pragma once

#include <optional>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

namespace regstream::client {

/// Whose certificates a client believes: those of the system's issuers, or of a file's instead.
class Trust {
 public:
  /// `ca_file` holds certificates in PEM. Empty: the system's. Throws std::invalid_argument with
  /// one sentence if it can't be read.
  explicit Trust(const std::string& ca_file);

  /// Made when it is first asked for: few clients meet https.
  [[nodiscard]] boost::asio::ssl::context& context();

 private:
  std::optional<boost::asio::ssl::context> context_;
};

/// Why a handshake failed, as a sentence without its full stop; `shown` names the URL.
[[nodiscard]] std::string explain_handshake(const SSL* tls, boost::system::error_code error,
                                            const std::string& shown);

}  // namespace regstream::client
