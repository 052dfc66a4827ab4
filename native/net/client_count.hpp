#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include "net/places.hpp"

namespace regstream::net {

/// Whom connections are counted for: an IPv4 address (as an IPv4-mapped one), or the first 64 bits
/// of an IPv6 address, since a single client has all addresses behind them (RFC 6177).
using ClientAddress = boost::asio::ip::address_v6;

[[nodiscard]] ClientAddress client_of(const boost::asio::ip::address& address);

/// Also where an IPv6 address holds one of IPv4.
[[nodiscard]] bool is_loopback(const boost::asio::ip::address& address);

/// Counts the connections of each client, requests and streams together.
using ClientCounts = Places<ClientAddress>;

/// A connection's place among its client's.
using ClientPlace = ClientCounts::Place;

}  // namespace regstream::net
