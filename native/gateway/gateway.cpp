#include "gateway/gateway.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <sstream>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>
#include <boost/beast/http/write.hpp>

#include "gateway/stream_request.hpp"
#include "log/dropped.hpp"
#include "log/log.hpp"
#include "net/common_fields.hpp"
#include "net/problem.hpp"

namespace regstream::gateway {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

// What the stream answers with. Proxies that transform or buffer (nginx) are asked not to.
net::Response make_stream_response() {
  net::Response response(http::status::ok, 11);
  response.set(http::field::content_type, "text/event-stream");
  response.set(http::field::cache_control, "no-cache, no-transform");
  response.set("X-Accel-Buffering", "no");
  return response;
}

// The head of a stream. The connection ends with it: a chunked body as well, since nobody asks
// again after a stream that may have lasted for days.
std::string make_stream_head(hub::Framing framing) {
  net::Response response = make_stream_response();
  net::complete_response(response, http::verb::head);  // The body's length is not known.
  response.chunked(framing == hub::Framing::chunked);
  response.keep_alive(false);
  std::ostringstream head;
  head << response.base();
  return head.str();
}

std::string_view stream_head(hub::Framing framing) {
  static const std::string bare = make_stream_head(hub::Framing::bare);
  static const std::string chunked = make_stream_head(hub::Framing::chunked);
  return framing == hub::Framing::chunked ? chunked : bare;
}

// All messages that are heard in one turn of the loop go out in one write per connection. But no
// more than this waits for the turn's end: readers begin to receive a long burst while the rest of
// it is being heard.
constexpr std::size_t unflushed_bytes_max = 64U << 10U;

// What one stream is sent in a turn of the loop before others have theirs: a replay may be as large
// as the journal.
constexpr std::size_t turn_bytes_max = 1U << 20U;

// At a shutdown clients are asked to come back within this time, a millisecond for each of them: a
// single one at once, ten thousand not faster than they can be welcomed.
constexpr std::uint64_t return_spread_ms_max = 10'000;

Instant now() {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

std::int64_t now_timestamp_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Gateway::Gateway(asio::io_context& context, broker::Broker& broker, GatewayOptions options)
    : context_(context),
      broker_(broker),
      options_(std::move(options)),
      random_(options_.seed),
      hub_(options_.hub),
      started_(now()),
      started_timestamp_ms_(now_timestamp_ms()),
      timer_(context) {
  broker_.subscribe(*this);
}

Gateway::~Gateway() {
  for (const StreamConnectionPtr& connection : connections_) {
    if (connection) {
      connection->close();
    }
  }
}

void Gateway::add_routes(net::Router& router) {
  router.add(http::verb::get, "/api/registrations/updates/stream",
             [this](net::Exchange exchange) { open_stream(std::move(exchange)); });
  router.add(http::verb::get, "/livez", [](net::Exchange exchange) {
    // The loop answers, and that is all that is asked.
    exchange.respond(describe_readiness({}));
  });
  router.add(http::verb::get, "/readyz", [this](net::Exchange exchange) {
    exchange.respond(describe_readiness(find_obstacles(broker_, hub_, is_draining_)));
  });
  router.add(http::verb::get, "/api/health", [this](net::Exchange exchange) {
    exchange.respond_json(http::status::ok,
                          describe_health(health_facts(), broker_, hub_,
                                          find_obstacles(broker_, hub_, is_draining_)));
  });
}

void Gateway::drain(std::function<void()> drained) {
  is_draining_ = true;
  if (hub_.subscriptions() == 0) {
    asio::post(context_, std::move(drained));
    return;
  }
  drained_ = std::move(drained);
  const std::uint64_t spread_ms =
      std::min<std::uint64_t>(hub_.subscriptions() - 1, return_spread_ms_max);
  for (const StreamConnectionPtr& connection : connections_) {
    if (connection) {
      hub_.send_retry(connection->subscription(),
                      options_.hub.retry + Duration(random_.up_to(spread_ms)));
      hub_.end(connection->subscription());
    }
  }
  flush();
}

HealthFacts Gateway::health_facts() const {
  return {.broker_kind = options_.broker_kind,
          .version = options_.version,
          .started_timestamp_ms = started_timestamp_ms_,
          .uptime = now() - started_,
          .now_timestamp_ms = now_timestamp_ms(),
          .streams_max = options_.streams_max,
          .streams_refused = streams_refused_,
          .connections_refused = options_.connections_refused ? options_.connections_refused()
                                                              : net::RefusedConnections{},
          .published_timestamp_ms = published_timestamp_ms_,
          .delivered_timestamp_ms = delivered_timestamp_ms_};
}

void Gateway::on_history(EventId position) {
  const EventId before = hub_.journal().position();
  history_log_.on_history(before, hub_.begin_history(position));
}

void Gateway::on_message(EventId id, std::string_view message) {
  const std::uint64_t published = hub_.counters().published;
  if (const auto error = hub_.publish(id, message, now())) {
    logging::warn_dropped(*error, "of the history (" + to_string(id) + ")");
    return;
  }
  if (hub_.is_live() && hub_.counters().published != published) {
    published_timestamp_ms_ = now_timestamp_ms();
  }
  unflushed_bytes_ += message.size();
  if (unflushed_bytes_ > unflushed_bytes_max) {
    flush();
  } else {
    schedule_flush();
  }
}

void Gateway::on_live() {
  hub_.go_live(now_timestamp_ms());
  history_log_.on_live(hub_.journal(), broker_.loss_reason());
  schedule_flush();
}

void Gateway::on_caught_up() {
  hub_.caught_up(now_timestamp_ms());
  schedule_flush();
}

void Gateway::open_stream(net::Exchange exchange) {
  const auto request = read_stream_request(exchange.request(), exchange.target());
  if (const auto* error = std::get_if<StreamRequestError>(&request)) {
    respond_problem(exchange, {.status = http::status::bad_request, .detail = error->what});
    return;
  }
  const bool is_full = hub_.subscriptions() >= options_.streams_max;
  if (is_full) {
    ++streams_refused_;
    logging::warn(
        "streams at the limit",
        "as many streams are open as this gateway serves ({}), and more get 503: raise the "
        "limit on open files (ulimit -n), or start another gateway",
        options_.streams_max);
  }
  if (is_draining_ || is_full) {
    net::Response response = net::make_problem(
        {.status = http::status::service_unavailable,
         .detail = is_draining_ ? "The gateway is shutting down; come back in a moment."
                                : "As many streams are open as this gateway serves."});
    response.set(http::field::retry_after, "1");
    exchange.respond(std::move(response));
    return;
  }
  if (exchange.request().method() == http::verb::head) {
    exchange.respond(make_stream_response());
    return;
  }

  const auto& [registration_id, cursor] = std::get<StreamRequest>(request);
  const hub::Framing framing =
      exchange.request().version() < 11 ? hub::Framing::bare : hub::Framing::chunked;
  const hub::SubscriptionId id =
      hub_.subscribe(registration_id, cursor, now(), now_timestamp_ms(), framing);
  StreamConnectionPtr connection;
  try {
    connections_.resize(std::max<std::size_t>(connections_.size(), id.slot + 1));
    connection = new StreamConnection(exchange.take_connection(), stream_head(framing), id,
                                      options_.hub.peer_timeout(), *this);
    connection->start();
    schedule_flush();
    connections_[id.slot] = std::move(connection);
  } catch (...) {
    if (connection) {
      connection->close();
    }
    hub_.unsubscribe(id);
    throw;
  }
}

void Gateway::schedule_flush() {
  if (!flush_is_scheduled_) {
    asio::post(context_, [this] {
      flush_is_scheduled_ = false;
      flush();
    });
    flush_is_scheduled_ = true;  // Only now: a post may fail.
  }
}

void Gateway::flush() {
  unflushed_bytes_ = 0;
  while (const std::optional<hub::SubscriptionId> ready = hub_.poll()) {
    write(*connections_[ready->slot]);
  }
  if (hub_.poll_catch_up(now())) {
    broker_.catch_up();
  }
  arm_timer();
}

// An exception ends the stream that it came from, and no other.
void Gateway::write(StreamConnection& connection) {
  bool goes_on = false;
  try {
    goes_on = write_turn(connection);
  } catch (const std::exception& error) {
    logging::error("stream", "a stream ended, since it could not be served: {}", error.what());
  }
  if (!goes_on) {
    end_stream(connection);
  }
}

// False: the stream has ended.
bool Gateway::write_turn(StreamConnection& connection) {
  const std::int64_t timestamp_ms = now_timestamp_ms();
  for (std::size_t turn_bytes = 0; turn_bytes < turn_bytes_max;) {
    const std::uint64_t deliveries = hub_.counters().deliveries;
    hub::Outbox& outbox = *hub_.collect(connection.subscription(), timestamp_ms);
    const bool has_updates = hub_.counters().deliveries != deliveries;
    const std::size_t bytes = outbox.bytes_waiting();
    const StreamConnection::Written written = connection.write(outbox);
    if (has_updates && outbox.bytes_waiting() < bytes) {
      delivered_timestamp_ms_ = timestamp_ms;
    }
    if (written == StreamConnection::Written::waiting) {
      return true;
    }
    if (written == StreamConnection::Written::failed || outbox.is_finished()) {
      return false;
    }
    if (bytes == 0) {
      return true;
    }
    turn_bytes += bytes;
  }
  connection.write_later();
  return true;
}

void Gateway::end_stream(StreamConnection& connection) {
  const hub::SubscriptionId id = connection.subscription();
  connection.close();
  hub_.unsubscribe(id);
  connections_[id.slot].reset();  // Frees the connection, unless a wait of its own is running.
  if (is_draining_ && hub_.subscriptions() == 0 && drained_) {
    asio::post(context_, std::exchange(drained_, nullptr));
  }
}

void Gateway::arm_timer() {
  const std::optional<Instant> deadline = hub_.next_deadline();
  if (!deadline || (armed_ && *armed_ <= *deadline)) {
    return;  // It looks again when it goes off.
  }
  armed_.reset();
  timer_.expires_after(*deadline - now());
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) {
      return;
    }
    armed_.reset();
    schedule_flush();  // First: the timer is armed again then, whatever fails here.
    hub_.handle_deadline(now(), now_timestamp_ms());
  });
  armed_ = deadline;
}

void Gateway::on_writable(StreamConnection& connection) {
  write(connection);
}

void Gateway::on_peer_closed(StreamConnection& connection) {
  end_stream(connection);
}

}  // namespace regstream::gateway
