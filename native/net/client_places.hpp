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

/// Connections and requests that were answered for want of a place.
struct RefusedConnections {
  std::uint64_t at_client_limit = 0;  ///< By 429: their client has all that one may have.
  std::uint64_t at_server_limit = 0;  ///< By 503: there is no place for anybody.
};

/// Tells whom connections count for, and gives clients their places. A connection counts for its
/// peer. One of a trusted proxy counts for nobody: each of its requests does, from its head to the
/// end of its answer or stream, for the client that it comes from (`find_client`). Programs of this
/// machine may be exempt (`ServerLimits::exempts_loopback`).
class ClientPlaces {
 public:
  /// `counts` are those of all loops' servers (`connections_per_client_max`); null: of this one
  /// alone.
  ClientPlaces(const ServerLimits& limits, AddressBlocks trusted_proxies,
               std::shared_ptr<ClientCounts> counts);

  [[nodiscard]] bool is_proxy(const boost::asio::ip::address& peer) const {
    return contains(trusted_proxies_, peer);
  }
  /// Whom a connection of `peer` counts for. Nothing: nobody.
  [[nodiscard]] std::optional<ClientAddress> client_at(const boost::asio::ip::address& peer) const {
    return is_proxy(peer) ? std::nullopt : counted(peer);
  }
  /// Whom a request of a trusted proxy counts for. Nothing: nobody.
  [[nodiscard]] std::optional<ClientAddress> client_behind(
      const boost::asio::ip::address& proxy, const Request::fields_type& fields) const;

  /// Nothing: the client has as many as it may have.
  [[nodiscard]] std::optional<ClientPlace> enter(const ClientAddress& client) {
    return counts_->enter(client);
  }

  /// So far; counted by whoever refuses.
  RefusedConnections refused = {};

 private:
  [[nodiscard]] std::optional<ClientAddress> counted(const boost::asio::ip::address& client) const;

  bool exempts_loopback_;
  AddressBlocks trusted_proxies_;
  std::shared_ptr<ClientCounts> counts_;
};

}  // namespace regstream::net
