#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regstream::net {

/// What a Host field, or the authority of a URL, says: `uri-host [ ":" port ]` (RFC 9110, 7.2).
struct HostPort {
  /// A name in lower case without its trailing dot, or an address in its canonical form.
  std::string host;
  bool is_address = false;                 ///< IPv4 in four decimal numbers, or IPv6 in brackets.
  std::optional<std::uint16_t> port = {};  ///< Nothing, or an empty one: the scheme's default.
};

/// Nothing: the text is ill-formed. A name has letters, digits, `-`, `_` and dots, as all that can
/// be looked up have. User information is not allowed (RFC 9110, 4.2.4).
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace regstream::net
