#pragma once

#include <cstddef>

#include <boost/asio/ip/address.hpp>

#include "net/address_block.hpp"
#include "net/exchange.hpp"

namespace regstream::net {

/// So many addresses of a request are read, from the right.
inline constexpr std::size_t forwarded_entries_max = 32;

/// The address of the client that a request came from, through proxies or not. `peer` is who has
/// sent it here.
///
/// Whoever is not in `trusted` is the client: what it says of others may be made up. A trusted
/// proxy says in `X-Forwarded-For` or `Forwarded` (RFC 7239) where it had the request from, at the
/// right end; so both are read from the right, up to the first address that is not trusted. An
/// entry that is no address ("unknown", "_hidden", nonsense) ends it: the proxy that has said so is
/// the client. Where both fields are there and lead to different clients, one of them is not the
/// proxy's but what the client has sent: then nobody is believed, and `peer` is the client.
[[nodiscard]] boost::asio::ip::address find_client(const boost::asio::ip::address& peer,
                                                   const Request::fields_type& fields,
                                                   const AddressBlocks& trusted);

/// Whether a proxy says in either field that a request comes from another machine: any entry that
/// is not a loopback address. A program of this machine has no proxy, or one that says loopback.
[[nodiscard]] bool is_forwarded_for_others(const Request::fields_type& fields);

}  // namespace regstream::net
