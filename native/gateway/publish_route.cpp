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
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "access/base64url.hpp"
#include "access/digest.hpp"
#include "gateway/instance_path.hpp"
#include "gateway/moment.hpp"
#include "gateway/published_body.hpp"
#include "gateway/published_items.hpp"
#include "net/json_body.hpp"
#include "net/problem.hpp"

namespace regstream::gateway {

namespace http = boost::beast::http;

namespace {

constexpr const char* key_field = "Idempotency-Key";
// Room for any UUID with a prefix. Brokers accept somewhat longer keys.
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

/// The key for the broker. Brokers have one namespace of keys, and a publisher of one id must not
/// learn or use up another id's keys. So the key is a digest of id and key, which also fits the
/// broker's limit. `item` distinguishes the updates of one request, which share its key.
std::string key_of(const InstanceId& id, std::string_view key, std::string_view item = {}) {
  if (key.empty()) {
    return {};
  }
  std::string name = id.text.empty() ? std::to_string(id.number) : id.text;
  name.append(1, '\0').append(key);
  if (!item.empty()) {
    name.append(1, '\0').append(item);
  }
  return access::encode_base64url(access::sha256(name));
}

/// A problem, and when the update may be sent again.
struct Refusal {
  net::Problem problem;
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

Refusal unavailable(const char* detail) {
  return {.problem = {.status = http::status::service_unavailable, .detail = detail},
          .retry_after = std::chrono::seconds(1)};
}

Refusal away() {
  return unavailable("The broker can't be reached; try again in a moment.");
}
Refusal not_taken() {
  return unavailable(
      "The broker could not publish the update; try again with the same Idempotency-Key.");
}
Refusal not_answered() {
  return unavailable(
      "The broker did not answer in time, and may have published the update; try again with the "
      "same Idempotency-Key.");
}

Refusal unpublishable(const UnpublishableBody& error) {
  return {.problem = {.status = error.is_too_large ? http::status::payload_too_large
                                                   : http::status::bad_request,
                      .detail = error.detail}};
}

/// Nothing: the update was counted.
std::optional<Refusal> refuse_rate(access::TokenLimits* limits, const access::Grant& grant,
                                   std::size_t bytes) {
  const auto wait =
      limits == nullptr ? std::nullopt : limits->refuse_update(grant, bytes, moment().now);
  if (!wait) {
    return std::nullopt;
  }
  return Refusal{
      .problem = {.status = http::status::too_many_requests,
                  .detail = "This token has reached its limit of updates a second; send the update "
                            "again in a moment, with the same Idempotency-Key."},
      .retry_after = std::chrono::ceil<std::chrono::seconds>(*wait)};
}

void respond(net::Exchange& exchange, const Refusal& refusal) {
  if (refusal.retry_after) {
    respond_problem(exchange, refusal.problem, *refusal.retry_after);
  } else {
    respond_problem(exchange, refusal.problem);
  }
}

std::string id_json(EventId id) {
  return R"({"id":")" + to_string(id) + "\"}";
}

bool has_lines(const net::Request& request) {
  return net::has_body_of(request, "application/x-ndjson");
}

std::optional<net::Problem> refuse(const net::Exchange& exchange) {
  const net::Request& request = exchange.request();
  if (!exchange.target().query.empty()) {
    return net::Problem{.status = http::status::bad_request,
                        .detail = "This resource takes no query parameters."};
  }
  if (!net::has_json_body(request) && !has_lines(request)) {
    return net::Problem{.status = http::status::unsupported_media_type,
                        .detail =
                            "The body must be JSON with Content-Type: application/json, or one "
                            "update a line with Content-Type: application/x-ndjson."};
  }
  const auto keys = request.equal_range(key_field);
  if (keys.first != keys.second &&
      (std::next(keys.first) != keys.second || !is_key(keys.first->value()))) {
    return net::Problem{.status = http::status::bad_request,
                        .detail = "The Idempotency-Key header may be given once, with 1 to " +
                                  std::to_string(key_bytes_max) + " visible ASCII characters."};
  }
  return std::nullopt;
}

}  // namespace

/// A request that waits for the broker's acknowledgement, or for its timeout.
struct PublishRoute::Pending {
  Pending(boost::asio::io_context& context, net::Exchange asked)
      : exchange(std::move(asked)), timer(context) {}

  std::optional<net::Exchange> exchange;  // Empty once answered.
  boost::asio::steady_timer timer;
};

/// The same for a request with several updates.
struct PublishRoute::PendingItems {
  PendingItems(boost::asio::io_context& context, std::size_t count)
      : results(count), left(count), timer(context) {}

  void answer(std::size_t item, Refusal refusal) {
    if (refusal.retry_after) {
      refusal.problem.detail +=
          " Send the whole request again, unchanged: what was published already keeps its id.";
    }
    answer(item, R"({"problem":)" + make_problem(refusal.problem).body() + '}');
    if (refusal.retry_after) {
      retry_after = std::max(retry_after, *refusal.retry_after);
    }
  }
  void answer(std::size_t item, std::string result) {
    if (results[item].empty()) {
      results[item] = std::move(result);
      --left;
    }
  }
  void give_up_rest() {
    for (std::size_t item = 0; item < results.size(); ++item) {
      if (results[item].empty()) {
        answer(item, not_answered());
      }
    }
  }
  /// Called once there is a result for each.
  void respond_if_all() {
    if (left > 0 || !exchange) {
      return;
    }
    timer.cancel();
    std::string json = R"({"results":[)";
    for (const std::string& result : results) {
      json.append(&result == &results.front() ? "" : ",").append(result);
    }
    net::Response response(http::status::ok, 11);
    response.set(http::field::content_type, "application/json");
    response.set(http::field::cache_control, "no-store");
    if (retry_after.count() > 0) {
      response.set(http::field::retry_after, std::to_string(retry_after.count()));
    }
    response.body() = json.append("]}");
    exchange->respond(std::move(response));
    exchange.reset();
  }

  std::optional<net::Exchange>
      exchange;                      // Empty until the broker has all updates, and once answered.
  std::vector<std::string> results;  // Empty if there is no result yet.
  std::size_t left;
  std::chrono::seconds retry_after{};
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
  if (has_lines(exchange.request()) || is_array_body(exchange.request().body())) {
    publish_all(std::move(exchange), *id, grant, limits);
  } else {
    publish_one(std::move(exchange), *id, grant, limits);
  }
}

void PublishRoute::publish_one(net::Exchange exchange, const InstanceId& id,
                               const access::Grant& grant, access::TokenLimits* limits) {
  auto message = read_published_body(exchange.request().body(), broker_.workflow(), id,
                                     options_.now_timestamp_ms());
  if (const auto* const error = std::get_if<UnpublishableBody>(&message)) {
    respond(exchange, unpublishable(*error));
    return;
  }
  // Nothing is queued here for a broker that is away or refuses updates: the sender, which gets the
  // refusal, can keep the update better.
  if (!broker_.is_connected()) {
    respond(exchange, away());
    return;
  }
  // Last, so that an update that is refused for another reason doesn't count for the token.
  if (const auto refusal = refuse_rate(limits, grant, std::get<std::string>(message).size())) {
    respond(exchange, *refusal);
    return;
  }

  std::string key = key_of(id, exchange.request()[key_field]);
  const auto pending = std::make_shared<Pending>(context_, std::move(exchange));
  pending->timer.expires_after(options_.answer_timeout);
  pending->timer.async_wait([pending](const boost::system::error_code& cancelled) {
    if (!cancelled && pending->exchange) {
      respond(*pending->exchange, not_answered());
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
                          pending->exchange->respond_json(http::status::created,
                                                          id_json(*published));
                        } else {
                          respond(*pending->exchange, not_taken());
                        }
                        pending->exchange.reset();
                      });
}

void PublishRoute::publish_all(net::Exchange exchange, const InstanceId& id,
                               const access::Grant& grant, access::TokenLimits* limits) {
  // A short body is stored in the exchange and moves with it. So the parts are used before the
  // exchange moves.
  const std::string& body = exchange.request().body();
  const auto split = has_lines(exchange.request()) ? split_lines(body) : split_array(body);
  if (const auto* const problem = std::get_if<net::Problem>(&split)) {
    respond_problem(exchange, *problem);
    return;
  }
  const auto& items = std::get<std::vector<std::string_view>>(split);
  if (!broker_.is_connected()) {
    respond(exchange, away());
    return;
  }
  const std::string key{exchange.request()[key_field]};
  const auto pending = std::make_shared<PendingItems>(context_, items.size());
  std::vector<broker::Publication> publications;
  std::optional<Refusal> refusal;  // Otherwise later updates would overtake one that has to wait.
  for (std::size_t item = 0; item < items.size(); ++item) {
    auto message =
        read_published_body(items[item], broker_.workflow(), id, options_.now_timestamp_ms());
    if (const auto* const error = std::get_if<UnpublishableBody>(&message)) {
      pending->answer(item, unpublishable(*error));
      continue;
    }
    if (!refusal) {
      refusal = refuse_rate(limits, grant, std::get<std::string>(message).size());
    }
    if (refusal) {
      pending->answer(item, *refusal);
      continue;
    }
    // The text is part of the key, too. So if a later request has only the rest of these updates,
    // none of them is mistaken for another.
    const std::string name = std::to_string(item) + ' ' + std::string{items[item]};
    publications.push_back({.message = std::move(std::get<std::string>(message)),
                            .key = key_of(id, key, name),
                            .done = [pending, item](const broker::PublishResult& result) {
                              if (const auto* const published = std::get_if<EventId>(&result)) {
                                pending->answer(item, id_json(*published));
                              } else {
                                pending->answer(item, not_taken());
                              }
                              pending->respond_if_all();
                            }});
  }
  pending->exchange.emplace(std::move(exchange));
  pending->timer.expires_after(options_.answer_timeout);
  pending->timer.async_wait([pending](const boost::system::error_code& cancelled) {
    if (!cancelled && pending->exchange) {
      pending->give_up_rest();
      pending->respond_if_all();
    }
  });
  broker_.publish_all_now(std::move(publications));
  pending->respond_if_all();  // No update could be published.
}

}  // namespace regstream::gateway
