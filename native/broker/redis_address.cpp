#include "broker/redis_address.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <system_error>

#include "log/printable.hpp"

namespace regstream::broker {
namespace {

/// Two or more colons mean an IPv6 address.
bool has_port(std::string_view host) {
  return std::count(host.begin(), host.end(), ':') == 1;
}

}  // namespace

void refuse_value(std::string_view source, std::string_view value, std::string_view expected) {
  std::string text{source};
  text.append(": ").append(quote_value(value)).append(" ").append(expected);
  throw std::invalid_argument(text);
}

bool is_host(std::string_view text) {
  // OpenSSL treats a leading dot as a wildcard for all names that end this way.
  constexpr std::size_t name_bytes_max = 253;  // RFC 1035, without the root's dot.
  return !text.empty() && text.size() <= name_bytes_max && text.front() != '.' &&
         std::none_of(text.begin(), text.end(), [](unsigned char byte) {
           return byte <= 0x20 || byte == 0x7f ||
                  std::string_view{"/@[]?#"}.find(static_cast<char>(byte)) !=
                      std::string_view::npos;
         });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && stop == end && port != 0 ? std::optional{port} : std::nullopt;
}

RedisAddress parse_address(std::string_view source, std::string_view text,
                           std::uint16_t default_port) {
  std::string_view host = text;
  std::string_view rest;
  if (text.find("//") != std::string_view::npos) {
    refuse_value(source, text, "is a URL; give HOST:PORT, and a password in REDIS_PASSWORD");
  }
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) {
      refuse_value(source, text, "has no ']' after the IPv6 address; give [ADDRESS]:PORT");
    }
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else if (has_port(text)) {
    host = text.substr(0, text.find(':'));
    rest = text.substr(host.size());
  } else if (text.find(':') != std::string_view::npos) {
    refuse_value(source, text,
                 "has several colons; give an IPv6 address in brackets: [ADDRESS]:PORT");
  }
  if (!is_host(host)) {
    refuse_value(source, text, "names no host; give HOST:PORT, such as localhost:6379");
  }
  if (!rest.empty() && !rest.starts_with(':')) {
    refuse_value(source, text,
                 "goes on after the bracket; give [ADDRESS]:PORT, such as [::1]:6379");
  }
  const auto port = rest.empty() ? std::optional{default_port} : parse_port(rest.substr(1));
  if (!port) {
    refuse_value(source, text, "has no port from 1 to 65535");
  }
  return {.host = std::string{host}, .port = *port};
}

std::string parse_host_variable(std::string_view source, std::string_view value) {
  if (!is_host(value) || has_port(value)) {
    refuse_value(source, value,
                 "is more than a host's name or address; give the port in REDIS_PORT and the "
                 "password in REDIS_PASSWORD, or a URL in REDIS_URL");
  }
  return std::string{value};
}

std::uint16_t parse_port_variable(std::string_view source, std::string_view value) {
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
    refuse_value(source, value, "is not a port; give a number from 1 to 65535");
  }
  return *port;
}

}  // namespace regstream::broker
