#include "harness/mock_server.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "harness/command_reader.hpp"
#include "net/problem.hpp"

namespace regstream::harness {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

using OrderedJson = nlohmann::ordered_json;

// The calendar time at which virtual time begins, the same in every run.
constexpr std::int64_t virtual_start_timestamp_ms = 1'702'493'000'000;

// How long a caller waits for requests, before it gets those that came.
constexpr std::chrono::seconds wait_max{30};
constexpr std::size_t waiters_max = 64;

// The largest jump of virtual time, because all of it is played at once.
constexpr Duration advance_max = std::chrono::hours(1);

std::int64_t start_timestamp_ms(const MockOptions& options) {
  return options.has_virtual_time ? virtual_start_timestamp_ms
                                  : std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count();
}

/// The decoded path; a slash within a segment stays "%2F".
std::string path_of(const net::Target& target) {
  std::string path;
  for (const std::string& segment : target.segments) {
    path += '/';
    for (const char byte : segment) {
      path.append(byte == '/' ? "%2F" : std::string(1, byte));
    }
  }
  return path;
}

RequestHead read_head(const net::Exchange& exchange) {
  const net::Request& request = exchange.request();
  RequestHead head;
  head.method = std::string(request.method_string());
  head.target = std::string(request.target());
  head.path = path_of(exchange.target());
  for (const auto& field : request) {
    head.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  const auto in_header = request.find("Last-Event-ID");
  const auto in_query = exchange.target().query.find("lastEventId");
  if (in_header != request.end()) {
    head.last_event_id = std::string(in_header->value());
  } else if (in_query != exchange.target().query.end()) {
    head.last_event_id = in_query->second;
  }
  return head;
}

OrderedJson to_json(const RecordedRequest& request) {
  OrderedJson headers = OrderedJson::array();
  for (const HeaderField& field : request.headers) {
    headers.push_back({field.name, field.value});
  }
  OrderedJson json{{"connection", request.number},
                   {"at", request.at.time_since_epoch().count()},
                   {"method", request.method},
                   {"target", request.target},
                   {"headers", std::move(headers)},
                   {"lastEventId", nullptr},
                   {"answeredBy", request.script},
                   {"status", nullptr},
                   {"bodyBytes", request.body_bytes},
                   {"ending", to_string(request.ending)},
                   {"endedAt", nullptr}};
  if (!request.last_event_id.empty()) {
    json["lastEventId"] = request.last_event_id;
  }
  if (request.status) {
    json["status"] = *request.status;
  }
  if (request.ended_at) {
    json["endedAt"] = request.ended_at->time_since_epoch().count();
  }
  return json;
}

void respond_bad_request(net::Exchange& exchange, const JsonProblem& problem) {
  const std::string name = problem.field.empty() ? "The body" : problem.field;
  net::respond_problem(
      exchange, {.status = http::status::bad_request, .detail = name + " " + problem.what + "."});
}

void respond_streams(net::Exchange& exchange, std::size_t count) {
  exchange.respond_json(http::status::ok, OrderedJson{{"streams", count}}.dump());
}

void respond_done(net::Exchange& exchange) {
  exchange.respond(net::Response(http::status::no_content, 11));
}

std::optional<std::size_t> read_count(std::string_view text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(count)
                                                                  : std::nullopt;
}

}  // namespace

MockServer::MockServer(asio::io_context& context, Scenario scenario, const MockOptions& options)
    : context_(context),
      options_(options),
      began_(std::chrono::steady_clock::now()),
      player_(std::move(scenario),
              {.start_timestamp_ms = start_timestamp_ms(options), .limits = {}}),
      timer_(context) {}

Instant MockServer::now() const {
  return options_.has_virtual_time ? virtual_now_
                                   : Instant(std::chrono::duration_cast<Duration>(
                                         std::chrono::steady_clock::now() - began_));
}

void MockServer::add_to(net::Router& router) {
  router.add(http::verb::get, "/mock/requests",
             [this](net::Exchange exchange) { get_requests(std::move(exchange)); });
  router.add(http::verb::delete_, "/mock/requests", [this](net::Exchange exchange) {
    player_.forget_requests();
    respond_done(exchange);
  });
  router.add(http::verb::post, "/mock/send", [this](net::Exchange exchange) { send(exchange); });
  router.add(http::verb::post, "/mock/cut", [this](net::Exchange exchange) { cut(exchange); });
  router.add(http::verb::post, "/mock/answer",
             [this](net::Exchange exchange) { answer(exchange); });
  router.add(http::verb::post, "/mock/time",
             [this](net::Exchange exchange) { advance_time(exchange); });
  router.add(http::verb::post, "/mock/restart", [this](net::Exchange exchange) {
    player_.restart(now());
    pump();
    respond_done(exchange);
  });
  router.set_catch_all([this](net::Exchange exchange) { play(std::move(exchange)); });
}

void MockServer::close() {
  timer_.cancel();
  for (auto& [number, connection] : connections_) {
    connection->drop();
  }
  connections_.clear();
  for (auto& [number, waiter] : waiters_) {
    respond_requests(waiter.exchange);
  }
  waiters_.clear();
}

void MockServer::play(net::Exchange exchange) {
  const std::vector<std::string>& segments = exchange.target().segments;
  if (segments.front() == "mock" && segments.size() > 1) {
    net::respond_problem(exchange, {.status = http::status::not_found,
                                    .detail = "The control API has nothing at this path."});
    return;
  }
  const RequestHead head = read_head(exchange);
  asio::ip::tcp::socket socket = std::move(exchange.take_connection().transport.socket());
  const ConnectionNumber number = player_.open(head, now());
  const auto connection = std::make_shared<ScriptConnection>(
      std::move(socket), ScriptConnection::Events{.peer_closed =
                                                      [this, number] {
                                                        connections_.erase(number);
                                                        player_.on_peer_closed(number, now());
                                                        pump();
                                                      },
                                                  .too_slow =
                                                      [this, number] {
                                                        connections_.erase(number);
                                                        player_.on_too_slow(number, now());
                                                      }});
  connections_.emplace(number, connection);
  connection->start();
  pump();
}

void MockServer::pump() {
  while (const auto action = player_.poll()) {
    if (const auto* const send = std::get_if<SendAction>(&*action)) {
      const auto found = connections_.find(send->connection);
      if (found != connections_.end()) {
        const auto connection =
            found->second;  // This may exceed the connection's limit, which ends it.
        connection->send(send->bytes);
      }
      continue;
    }
    const auto* const close = std::get_if<CloseAction>(&*action);
    const auto found = connections_.find(
        close != nullptr ? close->connection : std::get<AbortAction>(*action).connection);
    if (found == connections_.end()) {
      continue;
    }
    // The connection lives until its last write is done, and gets nothing more.
    const auto connection = std::move(found->second);
    connections_.erase(found);
    if (close != nullptr) {
      connection->close();
    } else {
      connection->abort();
    }
  }
  set_timer();
  answer_waiters();
}

void MockServer::set_timer() {
  const auto due = player_.next_deadline();
  if (options_.has_virtual_time || !due) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(began_ + due->time_since_epoch());
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      player_.handle_deadline(now());
      pump();
    }
  });
}

void MockServer::answer_waiters() {
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    if (player_.requests().size() < waiter->second.at_least) {
      ++waiter;
      continue;
    }
    respond_requests(waiter->second.exchange);
    waiter = waiters_.erase(waiter);
  }
}

void MockServer::get_requests(net::Exchange exchange) {
  const auto found = exchange.target().query.find("atLeast");
  const bool waits = found != exchange.target().query.end();
  const auto at_least = waits ? read_count(found->second) : std::size_t{0};
  if (!at_least) {
    net::respond_problem(exchange, {.status = http::status::bad_request,
                                    .detail = "atLeast must be a whole number."});
    return;
  }
  if (player_.requests().size() >= *at_least) {
    respond_requests(exchange);
    return;
  }
  if (waiters_.size() >= waiters_max) {
    net::respond_problem(exchange, {.status = http::status::service_unavailable,
                                    .detail = "Too many callers already wait for requests."});
    return;
  }
  const std::uint64_t number = ++last_waiter_;
  auto limit = std::make_unique<asio::steady_timer>(context_, wait_max);
  // By number, because a timer may fire after its waiter was answered.
  limit->async_wait([this, number](const boost::system::error_code& cancelled) {
    const auto found_waiter = waiters_.find(number);
    if (!cancelled && found_waiter != waiters_.end()) {
      respond_requests(found_waiter->second.exchange);
      waiters_.erase(found_waiter);
    }
  });
  waiters_.emplace(number, Waiter{*at_least, std::move(exchange), std::move(limit)});
}

void MockServer::respond_requests(net::Exchange& exchange) const {
  OrderedJson requests = OrderedJson::array();
  for (const RecordedRequest& request : player_.requests()) {
    requests.push_back(to_json(request));
  }
  const OrderedJson json{{"now", now().time_since_epoch().count()},
                         {"open", player_.open_connections()},
                         {"dropped", player_.requests_dropped()},
                         {"requests", std::move(requests)}};
  // A client's text may not be UTF-8.
  exchange.respond_json(http::status::ok,
                        json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace));
}

void MockServer::send(net::Exchange& exchange) {
  const auto command = read_send_command(exchange.request().body());
  if (const auto* const problem = std::get_if<JsonProblem>(&command)) {
    respond_bad_request(exchange, *problem);
    return;
  }
  const auto& [connection, action] = std::get<SendCommand>(command);
  const std::size_t count = player_.send(connection, action, now());
  pump();
  respond_streams(exchange, count);
}

void MockServer::cut(net::Exchange& exchange) {
  const auto command = read_cut_command(exchange.request().body());
  if (const auto* const problem = std::get_if<JsonProblem>(&command)) {
    respond_bad_request(exchange, *problem);
    return;
  }
  const auto& [connection, kind] = std::get<CutCommand>(command);
  const std::size_t count = player_.cut(connection, kind, now());
  pump();
  respond_streams(exchange, count);
}

void MockServer::answer(net::Exchange& exchange) {
  auto command = read_answer_command(exchange.request().body());
  if (const auto* const problem = std::get_if<JsonProblem>(&command)) {
    respond_bad_request(exchange, *problem);
    return;
  }
  player_.answer_next(std::get<AnswerCommand>(std::move(command)).script);
  respond_done(exchange);
}

void MockServer::advance_time(net::Exchange& exchange) {
  const auto command = read_time_command(exchange.request().body());
  if (const auto* const problem = std::get_if<JsonProblem>(&command)) {
    respond_bad_request(exchange, *problem);
    return;
  }
  const Duration advance = std::get<TimeCommand>(command).advance;
  if (!options_.has_virtual_time) {
    net::respond_problem(exchange,
                         {.status = http::status::conflict,
                          .detail = "This mock runs in real time; start it with --virtual-time."});
    return;
  }
  if (advance > advance_max) {
    net::respond_problem(exchange, {.status = http::status::bad_request,
                                    .detail = "advance must not be longer than 1h at once."});
    return;
  }
  // One deadline at a time, so that a long jump doesn't pile up output in the player.
  const Instant target = virtual_now_ + advance;
  while (virtual_now_ < target) {
    virtual_now_ = std::min(target, player_.next_deadline().value_or(target));
    player_.handle_deadline(virtual_now_);
    pump();
  }
  exchange.respond_json(http::status::ok,
                        OrderedJson{{"now", virtual_now_.time_since_epoch().count()}}.dump());
}

}  // namespace regstream::harness
