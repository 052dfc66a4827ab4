#include "cli/stream_options.hpp"

#include <cstddef>
#include <random>
#include <string_view>
#include <variant>

#include <CLI/CLI.hpp>

#include "cli/token_file.hpp"
#include "client/http_url.hpp"
#include "client/request_fields.hpp"
#include "configuration/option_values.hpp"
#include "log/printable.hpp"

namespace regstream::cli {
namespace {

/// "Name: value", as curl takes it; it must have a colon.
client::HeaderField read_header(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::size_t value = text.find_first_not_of(" \t", colon + 1);
  return {.name = text.substr(0, colon),
          .value = value == std::string::npos ? std::string() : text.substr(value)};
}

std::string explain(std::string_view value, const std::string& problem) {
  return quote_value(value) + ": " + problem;
}

std::string check_url(const std::string& value) {
  const auto url = client::parse_http_url(value);
  const auto* const problem = std::get_if<client::UrlProblem>(&url);
  return problem == nullptr ? std::string() : explain(value, problem->what);
}

/// Names the header alone: its value may be a secret.
std::string check_header(const std::string& text) {
  const std::string name = text.substr(0, text.find_first_of(": \t"));
  if (text.find(':') == std::string::npos) {
    return explain(name, "there is no colon; give \"Name: value\"");
  }
  const auto problem = client::header_problem(read_header(text));
  return problem ? explain(name, *problem) : std::string();
}

}  // namespace

CLI::Option* add_stream_options(CLI::App& command, StreamOptions& options) {
  auto* const url = command.add_option("--url", options.url)->check(check_url);
  command
      .add_option("--policy", options.policy,
                  "standard: fail for good on every response that is not a stream; resilient: "
                  "retry after 408, 429 and 5xx")
      ->check(configuration::one_of({"standard", "resilient"}))
      ->capture_default_str();
  command
      .add_option("--header", options.headers,
                  "Header field of the request, \"Name: value\"; may be repeated")
      ->allow_extra_args(false)
      ->check(check_header);
  command.add_option("--ca-file", options.ca_file,
                     "PEM FILE with the CA certificates for https, instead of the system's");
  command
      .add_option("--token-file", options.token_file,
                  "FILE with a token to send as Authorization: Bearer. It is read before each "
                  "attempt, so another program can renew it")
      ->check(CLI::ExistingFile);
  command
      .add_option("--read-timeout-ms", options.read_timeout_ms,
                  "Reconnect after this long without a byte (default: 75000); sooner if the server "
                  "announces a heartbeat")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{86'400'000}));
  command
      .add_option("--initial-delay-ms", options.initial_delay_ms,
                  "Wait before a reconnect, until the server sends a retry time (default: 1000)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{300'000}));
  return url;
}

client::StreamRequest stream_request(const StreamOptions& options) {
  client::StreamRequest request{
      .url = options.url, .method = "GET", .body = {}, .headers = {}, .last_event_id = {}};
  for (const std::string& header : options.headers) {
    request.headers.push_back(read_header(header));
  }
  return request;
}

client::StreamClientOptions stream_client_options(const StreamOptions& options) {
  client::StreamClientOptions result;
  if (!options.token_file.empty()) {
    result.token = token_from_file(options.token_file);
  }
  result.ca_file = options.ca_file;
  result.connection.policy =
      options.policy == "standard" ? RetryPolicy::standard : RetryPolicy::resilient;
  if (options.read_timeout_ms) {
    result.connection.silence_limit = Duration(*options.read_timeout_ms);
  }
  if (options.initial_delay_ms) {
    client::set_initial_delay(result, Duration(*options.initial_delay_ms));
  }
  result.seed = std::random_device{}();
  return result;
}

}  // namespace regstream::cli
