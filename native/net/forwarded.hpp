#pragma once

#include <cstddef>

#include <boost/asio/ip/address.hpp>

#include "net/address_block.hpp"
#include "net/exchange.hpp"

namespace regstream::net {

/// How many addresses of a request are read, from the right.
inline constexpr std::size_t forwarded_entries_max = 32;

/// The address of the client that a request comes from, directly or through proxies. `peer` is the
/// address that sent it to this server.
///
/// An address outside `trusted` is the client, because it can invent what it says about others. A
/// trusted proxy appends the address that it got the request from to `X-Forwarded-For` or
/// `Forwarded` (RFC 7239). So both are read from the right, up to the first address that is not
/// trusted. An entry that is not an address ("unknown", "_hidden", nonsense) stops the search: the
/// proxy that wrote it is the client. If both fields exist and name different clients, one of them
/// came from the client and not from the proxy. Then neither is believed, and `peer` is the client.
[[nodiscard]] boost::asio::ip::address find_client(const boost::asio::ip::address& peer,
                                                   const Request::fields_type& fields,
                                                   const AddressBlocks& trusted);

/// Whether either field says that the request comes from another machine: it has an entry that is
/// not a loopback address. A program on this machine has no proxy, or one that names a loopback
/// address.
[[nodiscard]] bool is_forwarded_for_others(const Request::fields_type& fields);

}  // namespace regstream::net
