#include "cli/option_checks.hpp"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

#include "log/printable.hpp"
#include "net/host_port.hpp"

namespace regstream::cli {
namespace {

bool is_blank(const std::string& value) {
  return value.find_first_not_of(" \t\r\n") == std::string::npos;
}

}  // namespace

std::string check_not_empty(const std::string& value) {
  return is_blank(value) ? quote_value(value) + " is empty; give a value, or leave the option out"
                         : std::string();
}

std::string check_listen_address(const std::string& value) {
  if (is_blank(value)) {
    return quote_value(value) + " is empty; give an address, such as 127.0.0.1, or 0.0.0.0 for all";
  }
  boost::system::error_code error;
  boost::asio::ip::make_address(value, error);
  if (!error) {
    return {};
  }
  const bool is_name = std::all_of(value.begin(), value.end(), [](unsigned char byte) {
    return byte == '-' || byte == '.' || byte == '_' || (byte >= '0' && byte <= '9') ||
           (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
  });
  return is_name ? std::string()
                 : quote_value(value) +
                       " is no address; give one such as 127.0.0.1 or ::1, without brackets, and "
                       "the port with --port";
}

std::string check_host(const std::string& value) {
  return net::parse_host_port(value)
             ? std::string()
             : quote_value(value) + " is no host; give NAME or NAME:PORT, such as bank.example";
}

}  // namespace regstream::cli
