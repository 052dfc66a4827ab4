#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <regstream/client/stream_client.hpp>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
class Option;
}  // namespace CLI

/// The options of the commands that follow a stream, `listen` and `watch`: what is requested, and
/// how the client reconnects.
namespace regstream::cli {

struct StreamOptions {
  std::string url;
  std::string policy = "resilient";
  std::vector<std::string> headers;
  std::string token_file;
  std::string ca_file;
  std::optional<std::int64_t> read_timeout_ms;
  std::optional<std::int64_t> initial_delay_ms;
};

/// Adds all of them to `command`, and returns `--url`, which the caller describes.
CLI::Option* add_stream_options(CLI::App& command, StreamOptions& options);

/// The request that the options describe. Its headers have passed the options' checks.
[[nodiscard]] client::StreamRequest stream_request(const StreamOptions& options);

/// How the client connects; its seed is a random one.
[[nodiscard]] client::StreamClientOptions stream_client_options(const StreamOptions& options);

}  // namespace regstream::cli
