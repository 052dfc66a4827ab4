#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/host_port.hpp"

/// Decides whether other machines can reach a server.
namespace regstream::net {

/// A loopback address, `localhost` or `*.localhost` (RFC 6761, 6.3). Any other name counts as
/// another machine's, whatever it resolves to today.
[[nodiscard]] bool is_local(const HostPort& host);

/// What lets other machines reach a server, as the beginning of a sentence; nothing if only this
/// machine can reach it:
/// - the address that it listens on: an IP address without brackets, or a name;
/// - or one of the names by which it may be asked. A name of the outer world means that a proxy is
///   in front, so that the address says nothing.
[[nodiscard]] std::optional<std::string> find_exposure(std::string_view listen_address,
                                                       const std::vector<HostPort>& allowed_hosts);

}  // namespace regstream::net
