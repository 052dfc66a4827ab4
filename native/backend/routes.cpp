#include "backend/routes.hpp"

#include <boost/asio/post.hpp>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "backend/application_request.hpp"
#include "backend/json.hpp"
#include "gateway/instance_path.hpp"
#include "log/log.hpp"
#include "net/json_body.hpp"
#include "net/problem.hpp"

namespace regstream::backend {
namespace {

namespace http = boost::beast::http;
using net::Exchange;
using net::Problem;

// A registration has a few hundred bytes.
constexpr std::size_t body_bytes_max = std::size_t{16} * 1024;

/// Thrown if a request can't be served, with the response to send.
struct Refusal {
  Problem problem;
};

[[noreturn]] void refuse(http::status status, std::string detail, std::string_view type = {}) {
  throw Refusal{{.status = status, .detail = std::move(detail), .type = type}};
}

[[noreturn]] void refuse_unknown(std::int64_t id) {
  refuse(http::status::not_found, "There is no registration " + std::to_string(id) + ".");
}

/// Thrown if the sender's rights don't allow the request.
struct BeyondRights {
  const char* detail;
};

const access::Reach& readable(const access::Grant& grant) {
  return grant.subscribe_to(registration_workflow());
}

const access::Reach& changeable(const access::Grant& grant) {
  return grant.publish_to(registration_workflow());
}

/// Nothing: all statuses.
std::optional<std::vector<std::int64_t>> listed_ids(const access::Reach& reach) {
  if (reach.everything) {
    return std::nullopt;
  }
  std::vector<std::int64_t> ids;
  for (const InstanceId& id : reach.ids) {
    ids.push_back(id.number);
  }
  return ids;
}

std::int64_t read_id(const Exchange& exchange) {
  const auto id = gateway::instance_of_path(exchange, registration_workflow());
  if (!id) {
    refuse(http::status::bad_request, gateway::instance_path_expected(registration_workflow()));
  }
  return id->number;
}

void refuse_query(const Exchange& exchange) {
  if (!exchange.target().query.empty()) {
    refuse(http::status::bad_request, "This resource takes no query parameters.");
  }
}

std::optional<Status> read_status_filter(const Exchange& exchange) {
  std::optional<Status> status;
  for (const auto& [name, value] : exchange.target().query) {
    if (name != "status") {
      refuse(http::status::bad_request, "The only query parameter of this resource is status.");
    }
    if (status) {
      refuse(http::status::bad_request, "The query parameter status is given twice.");
    }
    status = parse_status(value);
    if (*status == Status::other) {
      refuse(http::status::bad_request,
             "The query parameter status must be PENDING, APPROVED, DUPLICATE, FAILED or "
             "COMPLETED.");
    }
  }
  return status;
}

void check_body_size(const Exchange& exchange) {
  if (exchange.request().body().size() > body_bytes_max) {
    refuse(http::status::payload_too_large,
           "The body must have at most " + std::to_string(body_bytes_max) + " bytes.");
  }
}

void check_content_type(const Exchange& exchange) {
  if (!net::has_json_body(exchange.request())) {
    refuse(http::status::unsupported_media_type,
           "The body must be JSON, with Content-Type: application/json.");
  }
}

}  // namespace

Routes::Routes(boost::asio::any_io_executor executor, Store& store, Pipeline& pipeline,
               std::function<std::int64_t()> now_timestamp_ms)
    : executor_(std::move(executor)),
      store_(store),
      pipeline_(pipeline),
      now_timestamp_ms_(std::move(now_timestamp_ms)) {}

void Routes::add_to(net::Router& router, const access::Guard& guard) {
  router.add(http::verb::get, paths[0], guard.admit(on_executor(&Routes::list)));
  router.add(http::verb::post, paths[0], guard.admit(on_executor(&Routes::add)));
  router.add(http::verb::get, paths[1], guard.admit(on_executor(&Routes::show)));
  router.add(http::verb::post, paths[2], guard.admit(on_executor(&Routes::process)));
}

access::Guard::Handler Routes::on_executor(Method method) {
  return [this, method](Exchange exchange, access::GrantPtr grant) {
    boost::asio::post(executor_, [this, method, exchange = std::move(exchange),
                                  grant = std::move(grant)]() mutable {
      try {
        (this->*method)(exchange, *grant);
      } catch (const Refusal& refusal) {
        net::respond_problem(exchange, refusal.problem);
      } catch (const BeyondRights& beyond) {
        access::respond_beyond_rights(exchange, beyond.detail);
      } catch (const std::exception& error) {
        logging::error("backend request failed", "a request failed: {}", error.what());
        net::respond_problem(exchange,
                             {.status = http::status::internal_server_error,
                              .detail = "The backend's database failed; its log says why."});
      }
    });
  };
}

void Routes::list(Exchange& exchange, const access::Grant& grant) {
  const std::optional<Status> status = read_status_filter(exchange);
  if (readable(grant).is_empty()) {
    throw BeyondRights{"This needs a token that may subscribe to some registration."};
  }
  exchange.respond_json(
      http::status::ok,
      registrations_json(store_.list({.status = status, .ids = listed_ids(readable(grant))})));
}

void Routes::show(Exchange& exchange, const access::Grant& grant) {
  const std::int64_t id = read_id(exchange);
  if (!readable(grant).covers(id)) {
    throw BeyondRights{"This needs a token that may subscribe to this registration."};
  }
  refuse_query(exchange);
  const std::optional<Registration> registration = store_.find(id);
  if (!registration) {
    refuse_unknown(id);
  }
  exchange.respond_json(http::status::ok, registration_json(*registration));
}

void Routes::add(Exchange& exchange, const access::Grant& grant) {
  if (!changeable(grant).everything) {
    throw BeyondRights{"This needs a token that may publish every registration."};
  }
  refuse_query(exchange);
  check_body_size(exchange);
  check_content_type(exchange);
  const auto parsed = parse_application(exchange.request().body());
  if (const auto* invalid = std::get_if<InvalidApplication>(&parsed)) {
    refuse(http::status::bad_request, invalid->detail);
  }
  const std::int64_t id = store_.add(std::get<Application>(parsed), now_timestamp_ms_());
  const std::optional<Registration> registration = store_.find(id);
  net::Response response{http::status::created, exchange.request().version()};
  response.set(http::field::content_type, "application/json");
  response.set(http::field::cache_control, "no-store");
  response.set(http::field::location, "/api/registrations/" + std::to_string(id));
  response.body() = registration_json(registration.value());
  exchange.respond(std::move(response));
}

void Routes::process(Exchange& exchange, const access::Grant& grant) {
  const std::int64_t id = read_id(exchange);
  if (!changeable(grant).covers(id)) {
    throw BeyondRights{"This needs a token that may publish this registration."};
  }
  refuse_query(exchange);
  check_body_size(exchange);
  if (const std::string& body = exchange.request().body(); !body.empty()) {
    check_content_type(exchange);
    const auto parsed = net::parse_json_body(body);
    if (const auto* problem = std::get_if<net::JsonBodyProblem>(&parsed)) {
      refuse(http::status::bad_request, problem->detail);
    }
    if (!std::get<nlohmann::json>(parsed).empty()) {
      refuse(http::status::bad_request, "The body must be empty, or {}: there are no options.");
    }
  }
  switch (pipeline_.start(id)) {
    case Pipeline::Start::started:
      break;
    case Pipeline::Start::unknown_registration:
      refuse_unknown(id);
    case Pipeline::Start::already_running:
      refuse(http::status::conflict,
             "A validation of registration " + std::to_string(id) +
                 " is running; follow it on the stream, or wait for its end.",
             "validation-running");
    case Pipeline::Start::stopped:
      refuse(http::status::service_unavailable,
             "The backend is shutting down; try again in a moment.");
    case Pipeline::Start::too_many:
      refuse(http::status::service_unavailable,
             "Too many validations are running, or too many updates wait for the broker; try again "
             "in a few seconds.");
  }
  exchange.respond_json(
      http::status::accepted,
      nlohmann::ordered_json{
          {"registrationId", id}, {"status", "PENDING"}, {"message", "Validation started"}}
          .dump());
}

}  // namespace regstream::backend
