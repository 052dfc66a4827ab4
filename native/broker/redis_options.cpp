#include <regstream/broker/redis_options.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <stdexcept>

namespace regstream::broker {
namespace {

// What no host's name or address has, but a URL does: "redis://user:password@host:6379".
bool is_host(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n/@[]") == std::string_view::npos;
}

std::uint16_t parse_port(std::string_view text, std::string_view source) {
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end || port == 0) {
    throw std::invalid_argument(std::string{source} + ": the port must be a number, 1 to 65535");
  }
  return port;
}

/// `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`.
void parse_address(std::string_view argument, RedisOptions& options) {
  constexpr std::string_view source = "--redis";
  std::string_view host = argument;
  std::string_view rest;
  if (argument.starts_with('[')) {
    const auto close = argument.find(']');
    if (close == std::string_view::npos) {
      throw std::invalid_argument("--redis: a ']' must end the IPv6 address: [ADDRESS]:PORT");
    }
    host = argument.substr(1, close - 1);
    rest = argument.substr(close + 1);
  } else if (const auto colon = argument.find(':'); colon != std::string_view::npos) {
    host = argument.substr(0, colon);
    rest = argument.substr(colon);
    if (argument.find("//") != std::string_view::npos) {
      throw std::invalid_argument(
          "--redis: give HOST:PORT instead of a URL, and a password in REDIS_PASSWORD");
    }
    if (argument.find(':', colon + 1) != std::string_view::npos) {
      throw std::invalid_argument(
          "--redis: give HOST:PORT, with an IPv6 address in brackets: [ADDRESS]:PORT");
    }
  }
  if (!is_host(host)) {
    throw std::invalid_argument("--redis: give HOST:PORT, such as localhost:6379");
  }
  if (!rest.empty() && !rest.starts_with(':')) {
    throw std::invalid_argument("--redis: give [ADDRESS]:PORT, such as [::1]:6379");
  }
  options.host = host;
  if (!rest.empty()) {
    options.port = parse_port(rest.substr(1), source);
  }
}

}  // namespace

RedisHistoryLimits bounded(const RedisHistoryLimits& limits) {
  return {
      .length_max = std::clamp<std::size_t>(limits.length_max, 1, 1'000'000),
      .bytes_max = std::clamp<std::size_t>(limits.bytes_max, 2U << 20U, std::size_t{4} << 30U),
      .key_lifetime = std::clamp(limits.key_lifetime, Duration{1'000}, Duration{86'400'000}),
  };
}

std::string redis_address(const RedisOptions& options) {
  const bool is_ipv6 = options.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
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
    if (!is_host(host)) {
      throw std::invalid_argument(
          "REDIS_HOST: give a host's name or address only, with the port in REDIS_PORT and the "
          "password in REDIS_PASSWORD");
    }
    options.host = host;
  }
  if (const auto port = variable("REDIS_PORT"); !port.empty()) {
    options.port = parse_port(port, "REDIS_PORT");
  }
  return options;
}

}  // namespace regstream::broker
