#include "net/exposure.hpp"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

#include "net/client_count.hpp"

namespace regstream::net {
namespace {

std::optional<boost::asio::ip::address> read_address(std::string_view text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(text, error);
  return error ? std::nullopt : std::optional(address);
}

std::string_view without_brackets(std::string_view host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

bool is_local_name(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost");
}

}  // namespace

bool is_local(const HostPort& host) {
  if (host.is_address) {
    const auto address = read_address(without_brackets(host.host));
    return address && is_loopback(*address);
  }
  return is_local_name(host.host);
}

std::optional<std::string> find_exposure(std::string_view listen_address,
                                         const std::vector<HostPort>& allowed_hosts) {
  const auto address = read_address(listen_address);
  const auto name = address ? std::nullopt : parse_host_port(listen_address);
  if (!(address && is_loopback(*address)) && !(name && is_local(*name))) {
    return "--address " + std::string(listen_address);
  }
  const auto outer = std::find_if_not(allowed_hosts.begin(), allowed_hosts.end(), is_local);
  return outer == allowed_hosts.end() ? std::nullopt : std::optional("--allow-host " + outer->host);
}

}  // namespace regstream::net
