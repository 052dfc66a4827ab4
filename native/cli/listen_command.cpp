#include "cli/listen_command.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <nlohmann/json.hpp>

#include <regstream/client/stream_client.hpp>
#include <regstream/message/codec.hpp>

#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"
#include "cli/token_file.hpp"
#include "client/http_url.hpp"
#include "client/request_fields.hpp"
#include "configuration/option_values.hpp"
#include "log/printable.hpp"

namespace regstream::cli {

namespace asio = boost::asio;

namespace {

using Json = nlohmann::ordered_json;

struct ListenOptions {
  std::string url;
  std::string policy = "resilient";
  std::string last_event_id;
  std::string method = "GET";
  std::string body;
  std::vector<std::string> headers;
  std::string token_file;
  std::string ca_file;
  std::optional<std::int64_t> read_timeout_ms;
  std::optional<std::int64_t> initial_delay_ms;
};

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

std::string check_method(const std::string& value) {
  const auto problem = client::method_problem(value);
  return problem ? explain(value, *problem) : std::string();
}

std::string check_event_id(const std::string& value) {
  return client::is_field_value(value)
             ? std::string()
             : explain(value, "it holds a control character, which no header can send");
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

client::StreamRequest read_request(const ListenOptions& options) {
  client::StreamRequest request{.url = options.url,
                                .method = options.method,
                                .body = options.body,
                                .headers = {},
                                .last_event_id = options.last_event_id};
  for (const std::string& header : options.headers) {
    request.headers.push_back(read_header(header));
  }
  return request;
}

client::StreamClientOptions client_options(const ListenOptions& options) {
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

/// Whether the server has sent all that was asked for (`until=final`): both ids say so.
bool is_end(const sse::Event& event) {
  constexpr std::string_view suffix = "-end";
  if (event.type != "message" || !event.last_event_id.ends_with(suffix)) {
    return false;
  }
  const auto decoded = decode_stream_message(event.data);
  const auto* const message = std::get_if<StreamMessage>(&decoded);
  return message != nullptr && message->end_id &&
         to_string(*message->end_id).append(suffix) == event.last_event_id;
}

/// Listens until the stream is closed, and prints what it hears.
class Listener final : public client::StreamHandler {
 public:
  Listener(asio::io_context& context, const ListenOptions& options)
      : signals_(context, SIGINT, SIGTERM),
        client_(context, read_request(options), client_options(options), *this) {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) {
        client_.close();
      }
    });
    client_.connect();
  }

  [[nodiscard]] int exit_code() const { return exit_code_; }

  void on_event(const sse::Event& event) override {
    print({{"type", event.type}, {"data", event.data}, {"lastEventId", event.last_event_id}});
    if (is_end(event)) {
      client_.close();
    }
  }

  void on_comment(std::string_view text) override {
    print({{"kind", "comment"}, {"comment", text}});
  }

  void on_skipped(const sse::Skipped& skipped) override {
    print({{"kind", "skipped"},
           {"reason", to_string(skipped.reason)},
           {"bytes", skipped.bytes},
           {"lastEventId", skipped.last_event_id}});
  }

  void on_retry(Duration delay) override { print({{"kind", "retry"}, {"retry", delay.count()}}); }

  void on_state(const StateChanged& change, const client::StreamFailure* failure) override {
    Json line{
        {"kind", "state"}, {"state", to_string(change.to)}, {"reason", to_string(change.reason)}};
    if (failure != nullptr) {
      line["error"] = failure->what;
    }
    if (outlook(change.reason) == Outlook::failed) {
      exit_code_ = failure_code;
    }
    if (change.to == ConnectionState::closed) {
      signals_.cancel();  // Then the loop has nothing left to wait for.
    }
    print(line);
  }

 private:
  void print(const Json& line) {
    print_json(line);
    if (!std::cout && client_.state() != ConnectionState::closed) {
      exit_code_ = failure_code;  // Nobody reads any longer: `regstream listen | head`.
      client_.close();
    }
  }

  asio::signal_set signals_;
  int exit_code_ = 0;
  client::StreamClient client_;
};

int run(const ListenOptions& options) {
  asio::io_context context(1);
  try {
    const Listener listener(context, options);
    context.run();
    return listener.exit_code();
  } catch (const std::invalid_argument& error) {
    complain("listen", error.what());
    return usage_code;
  }
}

}  // namespace

void add_listen_command(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand(
      "listen",
      "Keep an event stream open, and print a JSON line for each event; lines with a \"kind\" tell "
      "what happens to the stream. Exits with 0 after SIGINT, SIGTERM, the end of a stream with "
      "until=final, or the "
      "server's 204, with 1 "
      "when the stream has failed for good");
  const auto options = std::make_shared<ListenOptions>();
  command->add_option("--url", options->url, "https:// or http:// URL of the stream")
      ->required()
      ->check(check_url);
  command
      ->add_option("--policy", options->policy,
                   "standard: any answer but a stream fails for good; resilient: 408, 429 and 5xx "
                   "are retried")
      ->check(configuration::one_of({"standard", "resilient"}))
      ->capture_default_str();
  command->add_option("--last-event-id", options->last_event_id, "Resume after this event")
      ->check(check_event_id);
  command->add_option("--method", options->method, "Method of the request")
      ->check(check_method)
      ->capture_default_str();
  command->add_option("--body", options->body, "Body of the request");
  command->add_option("--header", options->headers, "\"Name: value\"; may be given several times")
      ->allow_extra_args(false)
      ->check(check_header);
  command->add_option("--ca-file", options->ca_file,
                      "FILE with the certificates (PEM) of the issuers that are trusted with "
                      "https, instead of the system's");
  command
      ->add_option(
          "--token-file", options->token_file,
          "FILE whose text is sent as Authorization: Bearer; it is read before each attempt, "
          "so that another program may renew it")
      ->check(CLI::ExistingFile);
  command
      ->add_option("--read-timeout-ms", options->read_timeout_ms,
                   "Reconnect after this long without a byte (default: 75000), or sooner if the "
                   "server announces its heartbeat")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{86'400'000}));
  command
      ->add_option("--initial-delay-ms", options->initial_delay_ms,
                   "Wait before a reconnect, until the server names one (default: 1000)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{300'000}));
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace regstream::cli
