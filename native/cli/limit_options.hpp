#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "net/address_block.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Options that limit clients and tokens, and name the proxies that are trusted to say who a client
/// is.
struct LimitOptions {
  std::optional<std::size_t> streams_max;
  std::optional<std::size_t> connections_per_client;
  std::size_t streams_per_token = 100;
  std::size_t updates_per_second = 1'000;
  std::vector<std::string> trusted_proxies;
};

void add_limit_options(CLI::App& command, LimitOptions& options);

/// The proxies of `--trusted-proxy`. The option's check has accepted them.
[[nodiscard]] net::AddressBlocks trusted_proxies_of(const LimitOptions& options);

}  // namespace regstream::cli
