#include "net/client_places.hpp"

#include <utility>

#include "net/forwarded.hpp"

namespace regstream::net {

ClientPlaces::ClientPlaces(const ServerLimits& limits, AddressBlocks trusted_proxies,
                           std::shared_ptr<ClientCounts> counts)
    : exempts_loopback_(limits.exempts_loopback),
      trusted_proxies_(std::move(trusted_proxies)),
      counts_(counts ? std::move(counts)
                     : std::make_shared<ClientCounts>(limits.connections_per_client_max)) {}

std::optional<ClientAddress> ClientPlaces::client_behind(const boost::asio::ip::address& proxy,
                                                         const Request::fields_type& fields) const {
  return counted(find_client(proxy, fields, trusted_proxies_));
}

std::optional<ClientAddress> ClientPlaces::counted(const boost::asio::ip::address& client) const {
  return exempts_loopback_ && is_loopback(client) ? std::nullopt : std::optional(client_of(client));
}

}  // namespace regstream::net
