#include "net/client_count.hpp"

#include <algorithm>

namespace regstream::net {

namespace ip = boost::asio::ip;

ClientAddress client_of(const ip::address& address) {
  if (address.is_v4()) {
    return ip::make_address_v6(ip::v4_mapped, address.to_v4());
  }
  if (address.to_v6().is_v4_mapped()) {
    return address.to_v6();
  }
  ip::address_v6::bytes_type bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return ip::address_v6(bytes);
}

bool is_loopback(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

}  // namespace regstream::net
