#include "cli/option_checks.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <variant>

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>

#include "broker/deployment_name.hpp"
#include "log/printable.hpp"
#include "net/cors.hpp"
#include "net/host_port.hpp"

namespace regstream::cli {
namespace {

/// Empty means: no journal; a request without a body; no cookie.
constexpr std::array<std::string_view, 3> may_be_empty{"--journal", "--body", "--token-cookie"};

bool is_blank(const std::string& value) {
  return value.find_first_not_of(" \t\r\n") == std::string::npos;
}

/// A host's name, without a port.
bool is_host_name(const std::string& value) {
  const auto host = net::parse_host_port(value);
  return host && !host->is_address && value.find(':') == std::string::npos;
}

bool takes_value(const CLI::Option& option) {
  return option.get_type_size_max() > 0;  // A flag takes no value.
}

}  // namespace

void refuse_empty_values(CLI::App& app) {
  for (CLI::Option* const option : app.get_options()) {
    if (!takes_value(*option) ||
        std::count(may_be_empty.begin(), may_be_empty.end(), option->get_name()) > 0) {
      continue;
    }
    const std::string advice =
        option->get_required() ? "give a value" : "give a value, or leave the option out";
    // A transformation, because transformations run before the option's checks.
    option->transform(CLI::Validator(
        [advice](std::string& value) {
          return is_blank(value) ? quote_value(value) + " is empty; " + advice : std::string();
        },
        ""));
  }
  for (CLI::App* const command : app.get_subcommands([](CLI::App*) { return true; })) {
    refuse_empty_values(*command);
  }
}

std::string check_listen_address(const std::string& value) {
  boost::system::error_code error;
  boost::asio::ip::make_address(value, error);
  if (!error) {
    return {};
  }
  return is_host_name(value) ? std::string()
                             : quote_value(value) +
                                   " is not an address; give one such as 127.0.0.1 or ::1, without "
                                   "brackets, and the port with --port";
}

std::string check_deployment(const std::string& value) {
  return broker::is_deployment_name(value)
             ? std::string()
             : quote_value(value) + " is not a deployment's name; give at most " +
                   std::to_string(broker::deployment_name_length_max) +
                   " letters, digits, '-', '.' and '_'";
}

std::string check_host(const std::string& value) {
  return net::parse_host_port(value)
             ? std::string()
             : quote_value(value) + " is not a host; give NAME or NAME:PORT, such as bank.example";
}

std::string check_origin(const std::string& value) {
  const auto read = net::read_origin(value);
  const auto* const problem = std::get_if<net::OriginProblem>(&read);
  return problem == nullptr ? std::string() : quote_value(value) + " " + problem->what;
}

std::string check_cookie_name(const std::string& value) {
  constexpr std::string_view separators = "()<>@,;:\\\"/[]?={}";
  const bool is_name = std::all_of(value.begin(), value.end(), [separators](char byte) {
    return byte > 0x20 && byte < 0x7f && separators.find(byte) == std::string_view::npos;
  });
  return is_name
             ? std::string()
             : quote_value(value) + " is not a cookie's name; give one such as __Host-regstream";
}

}  // namespace regstream::cli
