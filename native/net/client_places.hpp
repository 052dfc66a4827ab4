#pragma once

#include <cstdint>
#include <optional>

#include <boost/asio/ip/address.hpp>

#include "net/address_block.hpp"
#include "net/client_count.hpp"
#include "net/exchange.hpp"
#include "net/server_limits.hpp"

namespace regstream::net {

/// Connections and requests that were answered for want of a place.
struct RefusedConnections {
  std::uint64_t at_client_limit = 0;  ///< By 429: their client has all that one may have.
  std::uint64_t at_server_limit = 0;  ///< By 503: there is no place for anybody.
};

/// Gives clients their places. A connection counts for its peer. One of a trusted proxy counts for
/// nobody: each of its requests does, for the client that it comes from (`find_client`).
class ClientPlaces {
 public:
  ClientPlaces(const ServerLimits& limits, AddressBlocks trusted_proxies);

  [[nodiscard]] bool is_proxy(const boost::asio::ip::address& peer) const {
    return contains(trusted_proxies_, peer);
  }
  /// Programs of this machine may be exempt (`ServerLimits::exempts_loopback`).
  [[nodiscard]] bool is_counted(const boost::asio::ip::address& client) const {
    return !exempts_loopback_ || !is_loopback(client);
  }

  /// Nothing: the client has as many as it may have.
  [[nodiscard]] std::optional<ClientPlace> enter(const ClientAddress& client) {
    return counts_.enter(client);
  }
  /// The same for a request of a trusted proxy.
  [[nodiscard]] std::optional<ClientPlace> enter_behind(const boost::asio::ip::address& proxy,
                                                        const Request::fields_type& fields);

  /// So far; counted by whoever refuses.
  RefusedConnections refused = {};

 private:
  bool exempts_loopback_;
  AddressBlocks trusted_proxies_;
  ClientCounts counts_;
};

}  // namespace regstream::net
