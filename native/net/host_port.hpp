#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regstream::net {

/// The content of a Host field, or the authority of a URL: `uri-host [ ":" port ]` (RFC 9110, 7.2).
struct HostPort {
  /// A name in lower case without its trailing dot, or an address in its canonical form.
  std::string host;
  bool is_address = false;                 ///< IPv4 in four decimal numbers, or IPv6 in brackets.
  std::optional<std::uint16_t> port = {};  ///< Nothing if missing or empty: the scheme's default.
};

/// Nothing if the text is malformed. A name consists of letters, digits, `-`, `_` and dots, as
/// every name that can be resolved. User information is not allowed (RFC 9110, 4.2.4).
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace regstream::net
