#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace regstream::net {

/// A block of addresses in CIDR notation, such as "10.0.0.0/8" or "2001:db8::/32", or one address.
class AddressBlock {
 public:
  /// Nothing if `text` is not a block, or has bits after its prefix, as 10.1.0.0/8 has. Such a
  /// block is a typing mistake, either in the address or in the prefix.
  [[nodiscard]] static std::optional<AddressBlock> parse(std::string_view text);

  /// An IPv4-mapped IPv6 address counts as its IPv4 address.
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;

 private:
  explicit AddressBlock(const boost::asio::ip::network_v6& network) : network_(network) {}

  boost::asio::ip::network_v6 network_;  // IPv4 is mapped into it.
};

using AddressBlocks = std::vector<AddressBlock>;

[[nodiscard]] bool contains(const AddressBlocks& blocks, const boost::asio::ip::address& address);

}  // namespace regstream::net
