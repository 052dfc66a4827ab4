#include "broker/topology/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace regstream::broker {
namespace {

/// The length of a DNS name (RFC 1035).
constexpr std::size_t host_bytes_max = 255;
constexpr std::int64_t port_max = 65'535;

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= host_bytes_max &&
         std::all_of(text.begin(), text.end(), [](unsigned char byte) {
           const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
           // '%' precedes an IPv6 address's zone.
           return is_letter || (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' ||
                  byte == '_' || byte == ':' || byte == '%';
         });
}

std::optional<std::int64_t> read_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc{} && end == text.data() + text.size();
  return is_number ? std::optional{number} : std::nullopt;
}

std::optional<std::uint16_t> as_port(std::int64_t number) {
  return number > 0 && number <= port_max ? std::optional{static_cast<std::uint16_t>(number)}
                                          : std::nullopt;
}

}  // namespace

std::string to_string(const RedisAddress& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::optional<RedisAddress> read_address(std::string_view host, std::string_view port) {
  const auto number = read_number(port);
  return number ? read_address(host, *number) : std::nullopt;
}

std::optional<RedisAddress> read_address(std::string_view host, std::int64_t port) {
  const auto number = as_port(port);
  if (!number || !is_host(host)) {
    return std::nullopt;
  }
  return RedisAddress{.host = std::string{host}, .port = *number};
}

std::optional<RedisAddress> read_redirection(std::string_view reply) {
  constexpr std::string_view code = "MOVED ";
  if (!reply.starts_with(code)) {
    return std::nullopt;
  }
  reply.remove_prefix(code.size());
  const auto space = reply.find(' ');
  const auto colon = reply.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) {
    return std::nullopt;
  }
  const std::string_view host = reply.substr(space + 1, colon - space - 1);
  const auto number = read_number(reply.substr(colon + 1));
  const auto port = number ? as_port(*number) : std::nullopt;
  if (!port || (!host.empty() && !is_host(host))) {
    return std::nullopt;
  }
  return RedisAddress{.host = std::string{host}, .port = *port};
}

}  // namespace regstream::broker
