#include "net/address_block.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>

#include <boost/system/error_code.hpp>

namespace regstream::net {

namespace ip = boost::asio::ip;

namespace {

// Behind ::ffff:0:0/96 (RFC 4291, 2.5.5.2).
constexpr unsigned short mapped_prefix_length = 96;

ip::address_v6 to_v6(const ip::address& address) {
  return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()) : address.to_v6();
}

std::optional<unsigned short> parse_length(std::string_view text, unsigned short longest) {
  unsigned short length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() ||
      length > longest) {
    return std::nullopt;
  }
  return length;
}

}  // namespace

std::optional<AddressBlock> AddressBlock::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text.substr(0, slash)), error);
  if (error || (address.is_v6() && address.to_v6().scope_id() != 0)) {
    return std::nullopt;
  }
  const unsigned short longest = address.is_v4() ? 32 : 128;
  const auto length = slash == std::string_view::npos
                          ? std::optional(longest)
                          : parse_length(text.substr(slash + 1), longest);
  if (!length) {
    return std::nullopt;
  }
  const auto in_v6 =
      static_cast<unsigned short>(*length + (address.is_v4() ? mapped_prefix_length : 0));
  const ip::network_v6 network(to_v6(address), in_v6);
  if (network.network() != network.address()) {
    return std::nullopt;
  }
  return AddressBlock(network);
}

bool AddressBlock::contains(const ip::address& address) const {
  return ip::network_v6(to_v6(address), network_.prefix_length()).network() == network_.network();
}

bool contains(const AddressBlocks& blocks, const ip::address& address) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&address](const AddressBlock& block) { return block.contains(address); });
}

}  // namespace regstream::net
