#include "cli/limit_options.hpp"

#include <CLI/CLI.hpp>

#include "log/printable.hpp"

namespace regstream::cli {
namespace {

std::string check_block(const std::string& value) {
  return net::AddressBlock::parse(value)
             ? std::string()
             : quote_value(value) +
                   " is not an address or a block of addresses; give one such as 10.0.0.1 or "
                   "10.0.0.0/8, with all bits after the prefix 0";
}

}  // namespace

void add_limit_options(CLI::App& command, LimitOptions& options) {
  const std::string group = "Limits";
  command
      .add_option("--streams-max", options.streams_max,
                  "Open streams of all workflows together; one more gets 503 (default: three "
                  "quarters of what the limit on open files allows, at most 16384)")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->group(group);
  command
      .add_option("--connections-per-client", options.connections_per_client,
                  "Open streams and requests of one client address (IPv6: one /64); one more gets "
                  "429; 0: no limit (default: a quarter of what the limit on open files allows). "
                  "Loopback addresses have no limit")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
      ->group(group);
  command
      .add_option("--streams-per-token", options.streams_per_token,
                  "Open streams of one token; one more gets 429; 0: no limit")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--publish-rate", options.updates_per_second,
                  "Updates a second that one token may publish by HTTP; one more gets 429; 0: no "
                  "limit. A larger update counts once for each 8 KiB begun")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--trusted-proxy", options.trusted_proxies,
                  "ADDRESS or ADDRESS/PREFIX of a proxy. Its X-Forwarded-For or Forwarded header "
                  "names the client that a request counts for; may be repeated")
      ->expected(1)
      ->take_all()
      ->check(check_block)
      ->group(group);
}

net::AddressBlocks trusted_proxies_of(const LimitOptions& options) {
  net::AddressBlocks blocks;
  for (const std::string& text : options.trusted_proxies) {
    blocks.push_back(net::AddressBlock::parse(text).value());
  }
  return blocks;
}

}  // namespace regstream::cli
