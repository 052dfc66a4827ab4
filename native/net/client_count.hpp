#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include "net/places.hpp"

namespace regstream::net {

/// The client that connections count for: an IPv4 address (in its IPv4-mapped form), or the first
/// 64 bits of an IPv6 address, because one client has all addresses with that prefix (RFC 6177).
using ClientAddress = boost::asio::ip::address_v6;

[[nodiscard]] ClientAddress client_of(const boost::asio::ip::address& address);

/// Also true for an IPv4-mapped loopback address.
[[nodiscard]] bool is_loopback(const boost::asio::ip::address& address);

/// Counts each client's connections, requests and streams together.
using ClientCounts = Places<ClientAddress>;

/// A connection's place among its client's.
using ClientPlace = ClientCounts::Place;

}  // namespace regstream::net
