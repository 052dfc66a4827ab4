#include "gateway/gateway.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>

#include "gateway/moment.hpp"
#include "gateway/stream_request.hpp"
#include "log/dropped.hpp"
#include "log/log.hpp"
#include "net/problem.hpp"

namespace regstream::gateway {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

hub::StreamPumpOptions of_workflow(hub::StreamPumpOptions options, const Workflow& workflow) {
  options.hub.workflow = &workflow;
  return options;
}

/// A stream lives as long as the token that opens it.
std::optional<hub::Lease> lease_of(const access::Grant& grant, const hub::Moment& opened) {
  if (grant.is_open) {
    return std::nullopt;
  }
  const Duration leeway(grant.ends_timestamp_ms - grant.expires_timestamp_ms);
  return hub::make_lease(grant.expires_timestamp_ms, leeway, grant.key, opened);
}

}  // namespace

std::string tickets_path(const Workflow& workflow) {
  return workflow.stream_path + "/tickets";
}

Gateway::Gateway(asio::io_context& context, broker::Feed& history, hub::StreamPumpOptions options,
                 LoopPlace loop)
    : context_(context),
      history_(history),
      loop_(loop),
      options_(of_workflow(std::move(options), history.workflow())),
      pump_(options_),
      history_log_(history.workflow().name, loop),
      timer_(context) {
  history_.subscribe(*this);
}

void Gateway::add_to(net::Router& router, const access::Guard& guard) {
  const Workflow& workflow = history_.workflow();
  router.add(
      http::verb::get, workflow.stream_path,
      guard.admit(
          [this, limits = guard.limits()](net::Exchange exchange, const access::GrantPtr& grant) {
            open_stream(std::move(exchange), *grant, limits);
          },
          &workflow));
  router.add(http::verb::post, tickets_path(workflow), guard.give_tickets(workflow));
}

Duration Gateway::drain(Duration within, std::function<void()> drained) {
  drained_ = std::move(drained);
  Duration longest = Duration::zero();
  feed([&] { longest = pump_.drain(within, moment()); });
  return longest;
}

void Gateway::withdraw(std::uint64_t key) {
  feed([&] { pump_.withdraw(key, moment()); });
}

void Gateway::on_history(EventId position) {
  const EventId before = pump_.hub().journal().position();
  history_log_.on_history(before, pump_.on_history(position));
}

void Gateway::on_message(EventId id, std::string_view message) {
  feed([&] {
    const auto error = pump_.on_message(id, message, moment());
    if (error && loop_.index == 0) {  // Every loop finds the same, so only the first one logs it.
      logging::warn_dropped(*error, history_.workflow().name,
                            "of the history (" + to_string(id) + ")");
    }
  });
}

void Gateway::on_live() {
  feed([this] {
    pump_.on_live(moment());
    history_log_.on_live(pump_.hub().journal(), history_.loss_reason());
  });
}

void Gateway::on_caught_up() {
  feed([this] { pump_.on_caught_up(moment()); });
}

void Gateway::open_stream(net::Exchange exchange, const access::Grant& grant,
                          access::TokenLimits* limits) {
  auto read = read_stream_request(exchange.request(), exchange.target(), history_.workflow());
  if (const auto* error = std::get_if<StreamRequestError>(&read)) {
    respond_problem(exchange, {.status = http::status::bad_request, .detail = error->what});
    return;
  }
  auto& request = std::get<hub::SubscriptionRequest>(read);
  if (auto detail = limit_to_reach(request, grant.subscribe_to(history_.workflow()))) {
    access::respond_beyond_rights(exchange, *std::move(detail));
    return;
  }
  auto admitted = pump_.admit(request);
  if (const auto* const refusal = std::get_if<hub::StreamRefusal>(&admitted)) {
    respond_refusal(exchange, *refusal);
    return;
  }
  if (exchange.request().method() == http::verb::head) {
    exchange.respond(make_stream_response());
    return;
  }
  std::optional<access::TokenPlace> place =
      limits == nullptr ? access::TokenPlace() : limits->enter_stream(grant);
  if (!place) {
    respond_problem(
        exchange,
        {.status = http::status::too_many_requests,
         .detail = "This token has reached its limit of open streams; close some first."},
        hub::refusal_retry_after);
    return;
  }

  request.framing = exchange.request().version() < 11 ? hub::Framing::bare : hub::Framing::chunked;
  const std::string_view head = stream_heads_.find(request.framing, exchange.cors());
  feed([&] {
    const hub::Moment opened = moment();
    request.lease = lease_of(grant, opened);
    const hub::SubscriptionId id = pump_.open(request, opened);
    try {
      const StreamConnectionPtr connection = new StreamConnection(
          exchange.take_connection(), head, id, options_.hub.peer_timeout(), *this);
      connection->keep(std::get<hub::StreamPlace>(std::move(admitted)), *std::move(place));
      connections_.add(connection);
    } catch (...) {
      pump_.on_peer_closed(id);
      throw;
    }
  });
}

void Gateway::respond_refusal(net::Exchange& exchange, hub::StreamRefusal refusal) const {
  if (refusal == hub::StreamRefusal::ended) {
    // A plain EventSource doesn't reconnect after this (HTML, 9.2.3).
    net::Response response(http::status::no_content, 11);
    response.set(http::field::cache_control, "no-store");
    exchange.respond(std::move(response));
    return;
  }
  const bool is_full = refusal == hub::StreamRefusal::full;
  if (is_full) {
    logging::warn("streams at the limit",
                  "the limit of {} open streams is reached, and new ones get 503: raise "
                  "--streams-max or the limit on open files (ulimit -n), or start another gateway",
                  pump_.streams_max());
  }
  respond_problem(
      exchange,
      {.status = http::status::service_unavailable,
       .detail = is_full ? "This gateway has reached its limit of open streams; try again later."
                         : "The gateway is shutting down; try again in a moment."},
      hub::refusal_retry_after);
}

// The pump's actions are carried out after each input, even after one that threw.
template <typename Input>
void Gateway::feed(Input input) {
  try {
    input();
  } catch (...) {
    perform_actions();
    throw;
  }
  perform_actions();
}

void Gateway::perform_actions() {
  while (const auto action = pump_.poll()) {
    std::visit([this](const auto& wanted) { perform(wanted); }, *action);
  }
}

void Gateway::perform(const hub::ScheduleFlush& /*action*/) {
  try {
    asio::post(context_, [this] { feed([this] { pump_.on_flush_due(); }); });
  } catch (const std::exception&) {
    pump_.on_flush_due();  // There is no memory to postpone the flush to the turn's end.
  }
}

void Gateway::perform(const hub::Flush& /*action*/) {
  pump_.flush(moment(), connections_);
  pump_.on_flushed(moment());
}

void Gateway::perform(const hub::SetDeadline& action) {
  try {
    timer_.expires_after(time_until(action.deadline, moment().now));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) {
        feed([this] { pump_.on_deadline(moment()); });
      }
    });
  } catch (...) {
    pump_.on_deadline_lost();
    throw;
  }
}

void Gateway::perform(const hub::CatchUp& /*action*/) {
  history_.catch_up();
}

void Gateway::perform(const hub::Drained& /*action*/) {
  if (drained_) {
    asio::post(context_, std::exchange(drained_, nullptr));
  }
}

void Gateway::on_writable(StreamConnection& connection) {
  feed([&] { pump_.on_writable(connection.subscription(), moment(), connections_); });
}

void Gateway::on_peer_closed(StreamConnection& connection) {
  feed([&] {
    const hub::SubscriptionId id = connection.subscription();
    pump_.on_peer_closed(id);
    connections_.close(id, hub::StreamEnd::client_left);
  });
}

}  // namespace regstream::gateway
