#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace regstream::net {

/// Addresses that begin alike, in CIDR notation: "10.0.0.0/8", "2001:db8::/32", or one address.
class AddressBlock {
 public:
  /// Nothing: `text` is no block, or has bits behind its prefix, as 10.1.0.0/8 has. Such a block is
  /// a slip of the pen, and nobody knows which half of it.
  [[nodiscard]] static std::optional<AddressBlock> parse(std::string_view text);

  /// An IPv4-mapped IPv6 address counts as the IPv4 one.
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;

 private:
  explicit AddressBlock(const boost::asio::ip::network_v6& network) : network_(network) {}

  boost::asio::ip::network_v6 network_;  // IPv4 is mapped into it.
};

using AddressBlocks = std::vector<AddressBlock>;

[[nodiscard]] bool contains(const AddressBlocks& blocks, const boost::asio::ip::address& address);

}  // namespace regstream::net
