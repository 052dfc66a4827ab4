#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <boost/asio/ip/address.hpp>

#include "net/address_block.hpp"
#include "net/client_count.hpp"
#include "net/exchange.hpp"
#include "net/server_limits.hpp"

namespace regstream::net {

/// Connections and requests that were refused because no place was free.
struct RefusedConnections {
  std::uint64_t at_client_limit = 0;  ///< With 429: the client had reached its limit.
  std::uint64_t at_server_limit = 0;  ///< With 503: the server had no place left.
};

/// Decides which client a connection counts for, and gives clients their places. A connection
/// counts for its peer. A trusted proxy's connection counts for nobody. Each of its requests counts
/// for the client that it comes from (`find_client`), from its head to the end of its response or
/// stream. Programs on this machine may be exempt (`ServerLimits::exempts_loopback`).
class ClientPlaces {
 public:
  /// `counts` is shared by the servers of all loops (`connections_per_client_max`); null: this
  /// server counts by itself.
  ClientPlaces(const ServerLimits& limits, AddressBlocks trusted_proxies,
               std::shared_ptr<ClientCounts> counts);

  [[nodiscard]] bool is_proxy(const boost::asio::ip::address& peer) const {
    return contains(trusted_proxies_, peer);
  }
  /// The client that a connection of `peer` counts for. Nothing: nobody.
  [[nodiscard]] std::optional<ClientAddress> client_at(const boost::asio::ip::address& peer) const {
    return is_proxy(peer) ? std::nullopt : counted(peer);
  }
  /// The client that a trusted proxy's request counts for. Nothing: nobody.
  [[nodiscard]] std::optional<ClientAddress> client_behind(
      const boost::asio::ip::address& proxy, const Request::fields_type& fields) const;

  /// Nothing: the client has reached its limit.
  [[nodiscard]] std::optional<ClientPlace> enter(const ClientAddress& client) {
    return counts_->enter(client);
  }

  /// Counts since the start. The caller counts its refusals here.
  RefusedConnections refused = {};

 private:
  [[nodiscard]] std::optional<ClientAddress> counted(const boost::asio::ip::address& client) const;

  bool exempts_loopback_;
  AddressBlocks trusted_proxies_;
  std::shared_ptr<ClientCounts> counts_;
};

}  // namespace regstream::net
