#include "net/client_places.hpp"

#include <utility>

#include "net/forwarded.hpp"

namespace regstream::net {

ClientPlaces::ClientPlaces(const ServerLimits& limits, AddressBlocks trusted_proxies)
    : exempts_loopback_(limits.exempts_loopback),
      trusted_proxies_(std::move(trusted_proxies)),
      counts_(limits.connections_per_client_max) {}

std::optional<ClientPlace> ClientPlaces::enter_behind(const boost::asio::ip::address& proxy,
                                                      const Request::fields_type& fields) {
  const boost::asio::ip::address client = find_client(proxy, fields, trusted_proxies_);
  return is_counted(client) ? counts_.enter(client_of(client)) : ClientPlace();
}

}  // namespace regstream::net
