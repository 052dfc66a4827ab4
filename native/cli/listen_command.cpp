#include "cli/listen_command.hpp"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <nlohmann/json.hpp>

#include <regstream/client/stream_client.hpp>
#include <regstream/message/codec.hpp>

#include "cli/exit_code.hpp"
#include "cli/stream_options.hpp"
#include "cli/terminal.hpp"
#include "client/request_fields.hpp"
#include "log/printable.hpp"

namespace regstream::cli {

namespace asio = boost::asio;

namespace {

using Json = nlohmann::ordered_json;

struct ListenOptions {
  StreamOptions stream;
  std::string last_event_id;
  std::string method = "GET";
  std::string body;
};

std::string explain(std::string_view value, const std::string& problem) {
  return quote_value(value) + ": " + problem;
}

std::string check_method(const std::string& value) {
  const auto problem = client::method_problem(value);
  return problem ? explain(value, *problem) : std::string();
}

std::string check_event_id(const std::string& value) {
  return client::is_field_value(value)
             ? std::string()
             : explain(value, "it has a control character, which no header can carry");
}

client::StreamRequest read_request(const ListenOptions& options) {
  client::StreamRequest request = stream_request(options.stream);
  request.method = options.method;
  request.body = options.body;
  request.last_event_id = options.last_event_id;
  return request;
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
        client_(context, read_request(options), stream_client_options(options.stream), *this) {
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
      "Follow an event stream, and print a JSON line for each event. Lines with a \"kind\" are "
      "about the stream itself. Exit code: 0 after SIGINT, SIGTERM, the end of a stream with "
      "until=final, or the server's 204; 1 if the stream failed for good");
  const auto options = std::make_shared<ListenOptions>();
  add_stream_options(*command, options->stream)
      ->description("https:// or http:// URL of the stream")
      ->required();
  command
      ->add_option("--last-event-id", options->last_event_id, "Resume after the event with this id")
      ->check(check_event_id);
  command->add_option("--method", options->method, "Method of the request")
      ->check(check_method)
      ->capture_default_str();
  command->add_option("--body", options->body, "Body of the request");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace regstream::cli
