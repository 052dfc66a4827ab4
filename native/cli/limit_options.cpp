#include "cli/limit_options.hpp"

#include <CLI/CLI.hpp>

#include "log/printable.hpp"

namespace regstream::cli {
namespace {

std::string check_block(const std::string& value) {
  return net::AddressBlock::parse(value)
             ? std::string()
             : quote_value(value) +
                   " is no block of addresses; give one such as 10.0.0.0/8, whose bits behind the "
                   "prefix are 0, or one address";
}

}  // namespace

void add_limit_options(CLI::App& command, LimitOptions& options) {
  const std::string group = "Limits";
  command
      .add_option("--streams-max", options.streams_max,
                  "Streams of all workflows at a time; one more gets 503 (three quarters of what "
                  "the limit on open files allows, 16384 at most)")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->group(group);
  command
      .add_option(
          "--connections-per-client", options.connections_per_client,
          "Streams and requests that one client address (IPv6: one /64) may have open at a "
          "time, loopback addresses excepted; one more gets 429; 0: any number (a quarter of what "
          "the limit on open files allows)")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
      ->group(group);
  command
      .add_option("--streams-per-token", options.streams_per_token,
                  "Streams that one token may have at a time; one more gets 429; 0: any number")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--publish-rate", options.updates_per_second,
                  "Updates that one token may publish in a second by HTTP, each 8 KiB that one has "
                  "begun counting as one; one more gets 429; 0: any number")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--trusted-proxy", options.trusted_proxies,
                  "ADDRESS or ADDRESS/PREFIX of a proxy whose X-Forwarded-For or Forwarded says "
                  "which client a request counts for; may be repeated")
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
