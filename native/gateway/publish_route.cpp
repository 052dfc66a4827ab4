#include "gateway/publish_route.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <boost/asio/steady_timer.hpp>

#include "access/base64url.hpp"
#include "access/digest.hpp"
#include "gateway/instance_path.hpp"
#include "gateway/moment.hpp"
#include "gateway/published_body.hpp"
#include "net/json_body.hpp"
#include "net/problem.hpp"

namespace regstream::gateway {

namespace http = boost::beast::http;

namespace {

constexpr const char* key_field = "Idempotency-Key";
// Room for any UUID, with what its maker puts around it. Brokers take somewhat longer ones.
constexpr std::size_t key_bytes_max = 200;

std::int64_t read_clock() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= key_bytes_max &&
         std::all_of(text.begin(), text.end(),
                     [](char byte) { return byte >= 0x20 && byte <= 0x7e; });
}

/// The broker's name for a key. Keys are one namespace there, and whoever may publish to an id must
/// not learn of another's keys, or use one up. A digest, as an id and a key can be longer together
/// than what a broker takes.
std::string key_of(const InstanceId& id, std::string_view key) {
  if (key.empty()) {
    return {};
  }
  std::string name = id.text.empty() ? std::to_string(id.number) : id.text;
  name.append(1, '\0').append(key);
  return access::encode_base64url(access::sha256(name));
}

void respond_unavailable(net::Exchange& exchange, const char* detail) {
  respond_problem(exchange, {.status = http::status::service_unavailable, .detail = detail},
                  std::chrono::seconds(1));
}

std::optional<net::Problem> refuse(const net::Exchange& exchange) {
  const net::Request& request = exchange.request();
  if (!exchange.target().query.empty()) {
    return net::Problem{.status = http::status::bad_request,
                        .detail = "This resource takes no query parameters."};
  }
  if (!net::has_json_body(request)) {
    return net::Problem{.status = http::status::unsupported_media_type,
                        .detail = "The body must be JSON, with Content-Type: application/json."};
  }
  const auto keys = request.equal_range(key_field);
  if (keys.first != keys.second &&
      (std::next(keys.first) != keys.second || !is_key(keys.first->value()))) {
    return net::Problem{.status = http::status::bad_request,
                        .detail = "There must be one Idempotency-Key, of 1 to " +
                                  std::to_string(key_bytes_max) +
                                  " visible characters of ASCII, or none."};
  }
  return std::nullopt;
}

}  // namespace

/// A request that waits for the broker's acknowledgement, or for its time to be over.
struct PublishRoute::Pending {
  Pending(boost::asio::io_context& context, net::Exchange asked)
      : exchange(std::move(asked)), timer(context) {}

  std::optional<net::Exchange> exchange;  // Empty once answered.
  boost::asio::steady_timer timer;
};

PublishRoute::PublishRoute(boost::asio::io_context& context, broker::Broker& broker,
                           Options options)
    : context_(context), broker_(broker), options_(std::move(options)) {
  if (!options_.now_timestamp_ms) {
    options_.now_timestamp_ms = read_clock;
  }
}

void PublishRoute::add_to(net::Router& router, const access::Guard& guard) {
  router.add(http::verb::post, broker_.workflow().updates_path,
             guard.admit([this, limits = guard.limits()](net::Exchange exchange,
                                                         const access::GrantPtr& grant) {
               publish(std::move(exchange), *grant, limits);
             }));
}

void PublishRoute::publish(net::Exchange exchange, const access::Grant& grant,
                           access::TokenLimits* limits) {
  const Workflow& workflow = broker_.workflow();
  const std::optional<InstanceId> id = instance_of_path(exchange, workflow);
  if (!id) {
    respond_problem(exchange, {.status = http::status::bad_request,
                               .detail = instance_path_expected(workflow)});
    return;
  }
  if (!grant.publish_to(workflow).covers(*id)) {
    access::respond_beyond_rights(exchange, "This needs a token that may publish this id.");
    return;
  }
  if (const std::optional<net::Problem> problem = refuse(exchange)) {
    respond_problem(exchange, *problem);
    return;
  }
  auto message =
      read_published_body(exchange.request().body(), workflow, *id, options_.now_timestamp_ms());
  if (const auto* const error = std::get_if<UnpublishableBody>(&message)) {
    respond_problem(exchange, {.status = error->is_too_large ? http::status::payload_too_large
                                                             : http::status::bad_request,
                               .detail = error->detail});
    return;
  }
  // Nothing is kept here for a broker that is away or takes no updates: whoever is told so keeps it
  // better.
  if (!broker_.is_connected()) {
    respond_unavailable(exchange, "The broker is away; try again in a moment.");
    return;
  }

  // Last: an update that is refused for another reason costs the token nothing.
  const std::size_t bytes = std::get<std::string>(message).size();
  if (const auto wait =
          limits == nullptr ? std::nullopt : limits->refuse_update(grant, bytes, moment().now)) {
    respond_problem(exchange,
                    {.status = http::status::too_many_requests,
                     .detail = "This token publishes more updates than one may; send the update "
                               "again in a moment, with its Idempotency-Key."},
                    std::chrono::ceil<std::chrono::seconds>(*wait));
    return;
  }

  std::string key = key_of(*id, exchange.request()[key_field]);
  const auto pending = std::make_shared<Pending>(context_, std::move(exchange));
  pending->timer.expires_after(options_.answer_timeout);
  pending->timer.async_wait([pending](const boost::system::error_code& cancelled) {
    if (!cancelled && pending->exchange) {
      respond_unavailable(*pending->exchange,
                          "The broker did not answer in time, and may have published the update; "
                          "try again with the same Idempotency-Key.");
      pending->exchange.reset();
    }
  });
  broker_.publish_now(std::move(std::get<std::string>(message)), std::move(key),
                      [pending](const broker::PublishResult& result) {
                        if (!pending->exchange) {
                          return;
                        }
                        pending->timer.cancel();
                        if (const auto* const published = std::get_if<EventId>(&result)) {
                          pending->exchange->respond_json(
                              http::status::created, R"({"id":")" + to_string(*published) + "\"}");
                        } else {
                          respond_unavailable(
                              *pending->exchange,
                              "The broker could not take the update; try again with "
                              "the same Idempotency-Key.");
                        }
                        pending->exchange.reset();
                      });
}

}  // namespace regstream::gateway
