#include <regstream/broker/redis_options.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <stdexcept>

#include "log/printable.hpp"

namespace regstream::broker {
namespace {

[[noreturn]] void refuse(std::string_view source, std::string_view value,
                         std::string_view expected) {
  std::string text{source};
  text.append(": ").append(quote_value(value)).append(" ").append(expected);
  throw std::invalid_argument(text);
}

/// No name or address of a host has what a URL has: "redis://user:password@host:6379".
bool is_host(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](unsigned char byte) {
    return byte <= 0x20 || byte == 0x7f ||
           std::string_view{"/@[]?#"}.find(static_cast<char>(byte)) != std::string_view::npos;
  });
}

/// Of two colons or more it is an IPv6 address.
bool has_port(std::string_view host) {
  return std::count(host.begin(), host.end(), ':') == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && stop == end && port != 0 ? std::optional{port} : std::nullopt;
}

/// `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`.
void parse_address(std::string_view argument, RedisOptions& options) {
  constexpr std::string_view source = "--redis";
  std::string_view host = argument;
  std::string_view rest;
  if (argument.find("//") != std::string_view::npos) {
    refuse(source, argument, "is a URL; give HOST:PORT, and a password in REDIS_PASSWORD");
  }
  if (argument.starts_with('[')) {
    const auto close = argument.find(']');
    if (close == std::string_view::npos) {
      refuse(source, argument, "has no ']' after the IPv6 address; give [ADDRESS]:PORT");
    }
    host = argument.substr(1, close - 1);
    rest = argument.substr(close + 1);
  } else if (has_port(argument)) {
    host = argument.substr(0, argument.find(':'));
    rest = argument.substr(host.size());
  } else if (argument.find(':') != std::string_view::npos) {
    refuse(source, argument,
           "has several colons; give an IPv6 address in brackets: [ADDRESS]:PORT");
  }
  if (!is_host(host)) {
    refuse(source, argument, "names no host; give HOST:PORT, such as localhost:6379");
  }
  if (!rest.empty() && !rest.starts_with(':')) {
    refuse(source, argument, "goes on after the bracket; give [ADDRESS]:PORT, such as [::1]:6379");
  }
  options.host = host;
  if (!rest.empty()) {
    const auto port = parse_port(rest.substr(1));
    if (!port) {
      refuse(source, argument, "has no port from 1 to 65535");
    }
    options.port = *port;
  }
}

/// A number; or what Kubernetes puts into a container for a service named "redis", a "service
/// link": tcp://10.0.0.1:6379. Of that the port alone is taken. The host is not: nobody who runs
/// this program has named it, and customers' data must not go where nobody has sent it.
std::uint16_t parse_port_variable(std::string_view value) {
  constexpr std::string_view link = "tcp://";
  std::string_view digits = value;
  if (value.starts_with(link)) {
    const std::string_view address = value.substr(link.size());
    const std::size_t colon = address.rfind(':');
    const std::string_view host = address.substr(0, std::min(colon, address.size()));
    const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
    const bool is_address =
        is_bracketed ? is_host(host.substr(1, host.size() - 2)) : is_host(host) && !has_port(host);
    digits = colon != std::string_view::npos && is_address ? address.substr(colon + 1)
                                                           : std::string_view{};
  }
  const auto port = parse_port(digits);
  if (!port) {
    refuse("REDIS_PORT", value, "is no port; give a number from 1 to 65535");
  }
  return *port;
}

}  // namespace

RedisHistoryLimits bounded(const RedisHistoryLimits& limits) {
  return {
      .length_max = std::clamp<std::size_t>(limits.length_max, 1, 1'000'000),
      .bytes_max = std::clamp<std::size_t>(limits.bytes_max, 2U << 20U, std::size_t{4} << 30U),
      .key_lifetime = std::clamp(limits.key_lifetime, Duration{1'000}, Duration{86'400'000}),
  };
}

std::string to_string(const RedisAddress& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

RedisAddress address_of(const RedisOptions& options) {
  return {.host = options.host, .port = options.port};
}

std::string redis_address(const RedisOptions& options) {
  return to_string(address_of(options));
}

RedisOptions read_redis_options(std::optional<std::string_view> argument) {
  return read_redis_options(argument, [](const char* name) -> const char* { return getenv(name); });
}

RedisOptions read_redis_options(std::optional<std::string_view> argument,
                                const Environment& environment) {
  const auto variable = [&environment](const char* name) {
    const char* const value = environment(name);
    return std::string_view{value == nullptr ? "" : value};
  };
  RedisOptions options;
  options.password = variable("REDIS_PASSWORD");
  if (argument) {
    parse_address(*argument, options);
    return options;
  }
  if (const auto host = variable("REDIS_HOST"); !host.empty()) {
    if (!is_host(host) || has_port(host)) {
      refuse("REDIS_HOST", host,
             "is more than a host's name or address; give the port in REDIS_PORT and the password "
             "in REDIS_PASSWORD");
    }
    options.host = host;
  }
  if (const auto port = variable("REDIS_PORT"); !port.empty()) {
    options.port = parse_port_variable(port);
  }
  return options;
}

}  // namespace regstream::broker
