#include "net/host_port.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include "net/letter_case.hpp"

namespace regstream::net {
namespace {

/// The longest name (RFC 1035, 2.3.4), as text.
constexpr std::size_t name_bytes_max = 253;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max && !text.starts_with('.') &&
         !text.ends_with('.') && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char byte) {
           return is_letter(byte) || is_digit(byte) || byte == '-' || byte == '_' || byte == '.';
         });
}

/// Reads `text` after the host: nothing, or a colon and digits. False for anything else.
bool read_port(std::string_view text, std::optional<std::uint16_t>& port) {
  if (text.empty() || text == ":") {
    return true;
  }
  std::uint16_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + 1, end, number);
  port = number;
  return text.front() == ':' && error == std::errc{} && rest == end;
}

bool read_host(std::string_view text, HostPort& result) {
  if (text.starts_with('[')) {
    const auto address = boost::urls::parse_ipv6_address(text.substr(1, text.size() - 2));
    result.is_address = address.has_value();
    result.host = address.has_value() ? '[' + address->to_string() + ']' : "";
    return result.is_address;
  }
  if (const auto address = boost::urls::parse_ipv4_address(text)) {
    result.is_address = true;
    result.host = address->to_string();
    return true;
  }
  if (text.ends_with('.')) {
    text.remove_suffix(1);
  }
  result.host.resize(text.size());
  std::transform(text.begin(), text.end(), result.host.begin(), ascii_lower);
  return is_name(text);
}

}  // namespace

std::optional<HostPort> parse_host_port(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t host_bytes = std::min(text.find(':', bracket), text.size());
  HostPort result;
  const std::string_view host = text.substr(0, host_bytes);
  if ((bracket > 0 && host_bytes != bracket + 1) || !read_host(host, result) ||
      !read_port(text.substr(host_bytes), result.port)) {
    return std::nullopt;
  }
  return result;
}

}  // namespace regstream::net
