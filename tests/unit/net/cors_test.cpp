#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "net/cors.hpp"
#include "net/request_origin.hpp"
#include "net/router.hpp"
#include "net_recorder.hpp"

using namespace regstream::net;
namespace http = boost::beast::http;
using Catch::Contains;

namespace {

const Cors cors({"https://bank.example", "http://10.0.0.1:8080"});

Request request_from(std::string_view origin, http::verb method = http::verb::get) {
  Request request(method, "/updates", 11);
  request.set(http::field::host, "127.0.0.1");
  request.set(http::field::origin, origin);
  return request;
}

Response with_fields(const Request& request) {
  Response response;
  set_cors_fields(response, cors.find(request));
  return response;
}

/// A connection to a server that shares with the origins above.
class SharingRecorder final : public Recorder {
 public:
  explicit SharingRecorder(const Request& request) : cors_(::cors.find(request)) {}
  [[nodiscard]] const CorsFields* cors() const override { return cors_; }

 private:
  const CorsFields* cors_;
};

Response ask(const Router& router, Request request) {
  const auto recorder = std::make_shared<SharingRecorder>(request);
  router.route(Exchange(recorder, request, parse_target(request.target()).value()));
  return recorder->answer.value();
}

Request preflight(std::string_view origin, std::string_view method) {
  Request request = request_from(origin, http::verb::options);
  request.set(http::field::access_control_request_method, method);
  return request;
}

}  // namespace

TEST_CASE("An origin is read as browsers write it") {
  const std::string origin =
      GENERATE(as<std::string>{}, "https://bank.example", "http://bank.example:8080",
               "http://localhost:3000", "http://127.0.0.1", "https://[2001:db8::1]:8443",
               "http://bank.example:443");
  INFO(origin);
  const auto read = read_origin(origin);
  REQUIRE(std::holds_alternative<std::string>(read));
  CHECK(std::get<std::string>(read) == origin);
}

TEST_CASE("What no browser writes is not an origin and the refusal says why") {
  const auto [text, why] =
      GENERATE(table<std::string, std::string>({{"*", "every site"},
                                                {"null", "sandboxed"},
                                                {"", "not an origin"},
                                                {"bank.example", "not an origin"},
                                                {"ftp://bank.example", "not an origin"},
                                                {"https://", "host and port only"},
                                                {"https://bank.example/", "host and port only"},
                                                {"https://bank.example/page", "host and port only"},
                                                {"https://user@bank.example", "host and port only"},
                                                {"https://*.bank.example", "host and port only"},
                                                {"https://Bank.example", "lower case"},
                                                {"https://bank.example.", "lower case"},
                                                {"https://bank.example:", "lower case"},
                                                {"https://bank.example:443", "default port"},
                                                {"http://bank.example:80", "default port"},
                                                {"http://bank.example:08080", "lower case"}}));
  INFO(text);
  const auto read = read_origin(text);
  REQUIRE(std::holds_alternative<OriginProblem>(read));
  CHECK_THAT(std::get<OriginProblem>(read).what, Contains(why));
}

TEST_CASE("An allowed origin may read the answer with its visitors' cookies") {
  const Response response = with_fields(request_from("https://bank.example"));
  CHECK(response[http::field::access_control_allow_origin] == "https://bank.example");
  CHECK(response[http::field::access_control_allow_credentials] == "true");
  CHECK(response[http::field::access_control_expose_headers] ==
        "Retry-After, WWW-Authenticate, Location");
  CHECK(response[http::field::vary] == "Origin");
}

TEST_CASE("No other origin may and a cache is told that the response depends on it") {
  const std::string origin = GENERATE(
      as<std::string>{}, "https://evil.example", "http://bank.example", "https://bank.example:444",
      "https://bank.example.evil.example", "https://BANK.example", "null", "*", "");
  INFO(origin);
  const Response response = with_fields(request_from(origin));
  CHECK(response.count(http::field::access_control_allow_origin) == 0);
  CHECK(response.count(http::field::access_control_allow_credentials) == 0);
  CHECK(response[http::field::vary] == "Origin");
}

TEST_CASE("Two origins count as none") {
  Request request = request_from("https://bank.example");
  request.insert(http::field::origin, "https://bank.example");
  CHECK_FALSE(cors.find(request)->is_allowed);
}

TEST_CASE("If sharing is off no response mentions it") {
  CHECK(Cors().find(request_from("https://bank.example")) == nullptr);
}

TEST_CASE("Another site's page may change something if its origin is allowed") {
  Request request = request_from("https://bank.example", http::verb::post);
  request.set("Sec-Fetch-Site", "cross-site");
  CHECK(check_request_origin(request, std::nullopt, AllowedHosts(), false));
  CHECK_FALSE(check_request_origin(request, std::nullopt, AllowedHosts(), true));
}

TEST_CASE("A preflight is answered with the resource's methods and needs no credentials") {
  Router router;
  const Handler unexpected = [](const Exchange&) { FAIL("a preflight reached a handler"); };
  router.add(http::verb::get, "/updates", unexpected);
  router.add(http::verb::post, "/updates", unexpected);
  router.add(http::verb::delete_, "/other", unexpected);

  const Response response = ask(router, preflight("https://bank.example", "POST"));
  CHECK(response.result() == http::status::no_content);
  CHECK(response[http::field::access_control_allow_methods] == "GET, HEAD, POST");
  CHECK(response[http::field::access_control_allow_headers] ==
        "Authorization, Content-Type, Last-Event-ID, Idempotency-Key, Cache-Control");
  CHECK(response[http::field::access_control_max_age] == "600");

  CHECK(ask(router, preflight("https://evil.example", "POST")).result() ==
        http::status::method_not_allowed);
  CHECK(ask(router, request_from("https://bank.example", http::verb::options)).result() ==
        http::status::method_not_allowed);
}
