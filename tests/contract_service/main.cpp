// Puts the native client behind the test-service protocol of LaunchDarkly's public
// sse-contract-tests, for that suite to judge it.
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <nlohmann/json.hpp>

#include <regstream/client/stream_client.hpp>

#include "contract_service/callback_queue.hpp"
#include "net/event_loop.hpp"
#include "net/json_body.hpp"
#include "net/problem.hpp"
#include "net/router.hpp"
#include "net/server.hpp"

namespace regstream::contract_service {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

using Json = nlohmann::json;

/// The suite has one at a time; one that forgets to delete them is told so.
constexpr std::size_t streams_max = 1000;

/// The suite sends lines of ten megabytes, more than a client takes unless it is told to.
constexpr std::size_t event_bytes_max = 16U << 20U;

constexpr std::int64_t milliseconds_max = 86'400'000;

const Json capabilities = {"bom",
                           "comments",
                           "event-type-listeners",
                           "headers",
                           "last-event-id",
                           "post",
                           "read-timeout",
                           "report",
                           "restart",
                           "server-directed-shutdown-request"};

/// A member that may be left out, or null. Throws Json::exception for one of another type.
template <typename Value>
std::optional<Value> optional_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? std::nullopt
                                                   : std::optional(found->template get<Value>());
}

std::optional<Duration> optional_milliseconds(const Json& object, const char* name) {
  const auto value = optional_member<std::int64_t>(object, name);
  if (value && (*value < 0 || *value > milliseconds_max)) {
    throw std::invalid_argument(std::string(name) + " is not between 0 and a day");
  }
  return value ? std::optional(Duration(*value)) : std::nullopt;
}

client::StreamRequest read_request(const Json& parameters) {
  client::StreamRequest request;
  request.url = parameters.at("streamUrl").get<std::string>();
  request.method = optional_member<std::string>(parameters, "method").value_or("GET");
  request.body = optional_member<std::string>(parameters, "body").value_or("");
  request.last_event_id = optional_member<std::string>(parameters, "lastEventId").value_or("");
  const auto headers = optional_member<std::map<std::string, std::string>>(parameters, "headers");
  if (headers) {
    for (const auto& [name, value] : *headers) {
      request.headers.push_back({name, value});
    }
  }
  return request;
}

client::StreamClientOptions read_options(const Json& parameters) {
  client::StreamClientOptions options;
  options.limits.parser.line_bytes_max = event_bytes_max;
  options.limits.parser.event_bytes_max = event_bytes_max;
  if (const auto delay = optional_milliseconds(parameters, "initialDelayMs")) {
    client::set_initial_delay(options, *delay);
  }
  if (const auto timeout = optional_milliseconds(parameters, "readTimeoutMs")) {
    options.connection.silence_limit = *timeout;
  }
  options.seed = std::random_device{}();
  return options;
}

client::HttpUrl read_callback_url(const Json& parameters) {
  auto url = client::parse_http_url(parameters.at("callbackUrl").get<std::string>());
  if (const auto* const problem = std::get_if<client::UrlProblem>(&url)) {
    throw std::invalid_argument("callbackUrl: " + problem->what);
  }
  return std::get<client::HttpUrl>(std::move(url));
}

/// One client that the suite has made, and where it reports.
class Stream final : public client::StreamHandler {
 public:
  Stream(asio::io_context& context, const Json& parameters)
      : callbacks_(context, read_callback_url(parameters)),
        client_(context, read_request(parameters), read_options(parameters), *this) {
    client_.connect();
  }

  void restart() { client_.restart(); }

  void on_event(const sse::Event& event) override {
    report({{"kind", "event"},
            {"event", {{"type", event.type}, {"data", event.data}, {"id", event.last_event_id}}}});
  }
  void on_comment(std::string_view text) override {
    report({{"kind", "comment"}, {"comment", text}});
  }
  void on_state(const StateChanged& /*change*/, const client::StreamFailure* failure) override {
    if (failure != nullptr) {
      report({{"kind", "error"}, {"error", failure->what}});
    }
  }

 private:
  void report(const Json& message) {
    // An error may quote a server's words that are no UTF-8.
    callbacks_.push(message.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  CallbackQueue callbacks_;
  client::StreamClient client_;
};

/// The protocol: streams as resources.
class ContractService {
 public:
  explicit ContractService(asio::io_context& context) : context_(context) {}

  void add_routes(net::Router& router, std::function<void()> quit) {
    router.add(http::verb::get, "/", [](net::Exchange exchange) {
      exchange.respond_json(http::status::ok, Json{{"capabilities", capabilities}}.dump());
    });
    router.add(http::verb::post, "/", [this](net::Exchange exchange) { create(exchange); });
    router.add(http::verb::delete_, "/", [quit = std::move(quit)](net::Exchange exchange) {
      exchange.respond(net::Response(http::status::no_content, 11));
      quit();
    });
    router.add(http::verb::post, "/streams/{id}",
               [this](net::Exchange exchange) { command(exchange); });
    router.add(http::verb::delete_, "/streams/{id}", [this](net::Exchange exchange) {
      if (streams_.erase(std::string(exchange.path_parameter("id"))) == 0) {
        not_found(exchange);
      } else {
        exchange.respond(net::Response(http::status::no_content, 11));
      }
    });
  }

  void close() { streams_.clear(); }

 private:
  void create(net::Exchange& exchange) {
    if (streams_.size() >= streams_max) {
      net::respond_problem(exchange, {.status = http::status::service_unavailable,
                                      .detail = "There are too many streams: delete some."});
      return;
    }
    const auto parameters = net::parse_json_body(exchange.request().body());
    if (const auto* problem = std::get_if<net::JsonBodyProblem>(&parameters)) {
      bad_request(exchange, problem->detail);
      return;
    }
    std::string id = std::to_string(++last_id_);
    try {
      streams_.emplace(id, std::make_unique<Stream>(context_, std::get<Json>(parameters)));
    } catch (const Json::exception& error) {
      bad_request(exchange, std::string(error.what()) + ".");
      return;
    } catch (const std::invalid_argument& error) {
      bad_request(exchange, std::string(error.what()) + ".");
      return;
    }
    net::Response response(http::status::created, 11);
    response.set(http::field::location, "/streams/" + id);
    exchange.respond(std::move(response));
  }

  void command(net::Exchange& exchange) {
    const auto found = streams_.find(exchange.path_parameter("id"));
    if (found == streams_.end()) {
      not_found(exchange);
      return;
    }
    const auto parsed = net::parse_json_body(exchange.request().body());
    if (const auto* problem = std::get_if<net::JsonBodyProblem>(&parsed)) {
      bad_request(exchange, problem->detail);
      return;
    }
    const Json name = std::get<Json>(parsed).value("command", Json());
    if (name == "restart") {
      found->second->restart();
    } else if (name != "listen") {  // Which there is nothing to do for: every type is reported.
      bad_request(exchange, "The commands are restart and listen.");
      return;
    }
    exchange.respond(net::Response(http::status::no_content, 11));
  }

  static void bad_request(net::Exchange& exchange, const std::string& detail) {
    net::respond_problem(exchange, {.status = http::status::bad_request, .detail = detail});
  }
  static void not_found(net::Exchange& exchange) {
    net::respond_problem(exchange,
                         {.status = http::status::not_found, .detail = "There is no such stream."});
  }

  asio::io_context& context_;
  std::map<std::string, std::unique_ptr<Stream>, std::less<>> streams_;
  std::uint64_t last_id_ = 0;
};

void serve(std::uint16_t port) {
  asio::io_context context(1);
  ContractService service(context);
  net::Router router;
  net::Server server(context, router, {.address = "127.0.0.1", .port = port});
  const auto quit = [&] {
    service.close();
    server.stop([&context] { context.stop(); });
  };
  service.add_routes(router, quit);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&quit](const boost::system::error_code& error, int) {
    if (!error) {
      quit();
    }
  });
  std::cout << "contract service on " << server.url() << std::endl;
  net::run(context);
}

}  // namespace

}  // namespace regstream::contract_service

int main(int argc, char** argv) {
  CLI::App app("Let LaunchDarkly's sse-contract-tests judge the native client; ends with DELETE /",
               "contract_service");
  std::uint16_t port = 8000;
  app.add_option("--port", port, "Port to listen on; 0 takes any free one")
      ->check(CLI::Range(0, 65'535))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  // A peer that has gone is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    regstream::contract_service::serve(port);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "contract_service: " << error.what() << '\n';
    return 1;
  }
}
