#include "backend/routes.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "pipeline_bench.hpp"
#include "recording_connection.hpp"
#include "temporary_folder.hpp"

namespace regstream::backend {
namespace {

using test::TemporaryFolder;

namespace http = boost::beast::http;
using Catch::Contains;
using Json = nlohmann::json;

constexpr const char* json_type = "application/json";
constexpr const char* valid_body =
    R"({"customerName":"Liya Mekonnen","customerNumber":"1000999003","phone":"+251 900 000 150",)"
    R"("branch":"Bole","nationalId":"ID-1","email":"liya@example.com"})";

/// The routes, over a pipeline that stops after a validation's first step.
struct RoutesBench {
  RoutesBench() { routes.add_to(router, access::open_guard()); }

  net::Response ask(const TestRequest& request) {
    const auto connection = send(router, request);
    // A stopped validation keeps its timer, so this runs only what is ready.
    context.restart();
    context.poll();
    if (!connection->is_answered()) {
      throw std::logic_error("no answer");
    }
    return connection->take();
  }
  Json get(const std::string& target) {
    const net::Response response = ask({http::verb::get, target});
    CHECK(response.result() == http::status::ok);
    CHECK(response[http::field::content_type] == "application/json");
    return Json::parse(response.body());
  }
  net::Response post(const std::string& target, const std::string& body = {},
                     const std::string& type = {}) {
    return ask({http::verb::post, target, body, type});
  }
  /// The detail of a problem; checks that it is one, of that status.
  std::string problem(const TestRequest& request, http::status status) {
    const net::Response response = ask(request);
    CHECK(response.result() == status);
    CHECK(response[http::field::content_type] == "application/problem+json");
    const Json json = Json::parse(response.body());
    CHECK(json.at("status") == static_cast<unsigned>(status));
    return json.at("detail");
  }
  std::string refused_application(const std::string& body) {
    return problem({http::verb::post, "/api/registrations", body, json_type},
                   http::status::bad_request);
  }

  TemporaryFolder folder;
  boost::asio::io_context context;
  ScriptedCoreBanking banking{context};
  PipelineBench<> bench{folder / "demo.sqlite", banking, context,
                        PipelineBench<>::standing_still()};
  net::Router router;
  Routes routes{context.get_executor(), bench.store, bench.pipeline,
                [this] { return ++bench.now_timestamp_ms; }};
};

TEST_CASE("the list has every registration's summary with the newest first") {
  RoutesBench bench;
  CHECK(bench.get("/api/registrations").at("hasMore") == false);
  const Json list = bench.get("/api/registrations").at("registrations");
  CHECK(list.size() == 19);
  CHECK(list.front().at("id") == 49);
  const Json& summary = list.at(7);
  CHECK(summary.at("id") == 42);
  CHECK(summary.at("customerName") == "Hana Tesfaye");
  CHECK(summary.at("customerNumber") == "1000234567");
  CHECK(summary.at("phone") == "+251 900 000 142");
  CHECK(summary.at("branch") == "Bole");
  CHECK(summary.at("status") == "PENDING");
  CHECK(summary.at("message").is_null());
  CHECK(summary.at("validating") == false);
  CHECK(summary.at("submittedAt").is_number_integer());
  CHECK(summary.at("updatedAt").is_number_integer());
  CHECK(summary.size() == 10);
}

TEST_CASE("the list can be filtered by one status") {
  RoutesBench bench;
  CHECK(bench.get("/api/registrations?status=DUPLICATE").at("registrations").size() == 1);
  CHECK(bench.get("/api/registrations?status=APPROVED").at("registrations").empty());
}

TEST_CASE("an unknown query of the list is refused") {
  RoutesBench bench;
  const auto [query, reason] = GENERATE(table<const char*, const char*>({
      {"?state=PENDING", "only query parameter"},
      {"?status=pending", "must be PENDING"},
      {"?status=", "must be PENDING"},
      {"?status=PENDING&status=FAILED", "given twice"},
  }));
  CHECK_THAT(bench.problem({http::verb::get, std::string{"/api/registrations"} + query},
                           http::status::bad_request),
             Contains(reason));
}

TEST_CASE("a registration is shown with all of its data") {
  RoutesBench bench;
  const Json past = bench.get("/api/registrations/31");
  CHECK(past.at("status") == "COMPLETED");
  CHECK(past.at("accounts").size() == 2);
  CHECK(past.at("accounts").at(0) ==
        Json::parse(R"({"number":"1000412031011","type":"Savings","currency":"ETB",)"
                    R"("status":"Active"})"));
  CHECK(past.at("details").at("mobileUserId") == "MB-000031");
  CHECK(past.at("mobileUserId") == "MB-000031");
  CHECK(past.at("elixirUserId") == "ELX-000031");
  CHECK(past.at("processLog").size() == 8);
  CHECK(past.at("processLog").at(3).at("stage") == "t24_lookup");
  CHECK(past.at("processLog").at(3).at("stageStatus") == "completed");
  CHECK(past.at("processLog").at(3).at("message") == "Found 2 accounts");
  CHECK(past.at("processLog").at(3).at("timestamp").is_number_integer());

  const Json pending = bench.get("/api/registrations/36");
  CHECK(pending.at("email").is_null());
  CHECK(pending.at("nationalId") == "ID-213-4408-36");
  CHECK(pending.at("accounts").empty());
  CHECK(pending.at("details").is_null());
  CHECK(pending.at("processLog").empty());
  CHECK(pending.at("mobileUserId").is_null());
}

TEST_CASE("an unknown registration is a 404 on every route") {
  RoutesBench bench;
  CHECK_THAT(bench.problem({http::verb::get, "/api/registrations/4711"}, http::status::not_found),
             Contains("4711"));
  CHECK_THAT(
      bench.problem({http::verb::post, "/api/registrations/4711/process"}, http::status::not_found),
      Contains("4711"));
}

TEST_CASE("a malformed id is a 400 on every route") {
  RoutesBench bench;
  const auto* id = GENERATE("0", "-1", "+1", "abc", "42x", "4.2", "9007199254740992",
                            "99999999999999999999", "%2042");
  const std::string target = std::string{"/api/registrations/"} + id;
  CHECK_THAT(bench.problem({http::verb::get, target}, http::status::bad_request),
             Contains("from 1 to 9007199254740991"));
  CHECK_THAT(bench.problem({http::verb::post, target + "/process"}, http::status::bad_request),
             Contains("from 1 to 9007199254740991"));
}

TEST_CASE("a new registration is PENDING and has a location") {
  RoutesBench bench;
  const net::Response response =
      bench.post("/api/registrations", valid_body, "Application/JSON ; charset=utf-8");
  CHECK(response.result() == http::status::created);
  CHECK(response[http::field::location] == "/api/registrations/50");
  CHECK(response[http::field::content_type] == "application/json");
  const Json created = Json::parse(response.body());
  CHECK(created.at("id") == 50);
  CHECK(created.at("status") == "PENDING");
  CHECK(created.at("email") == "liya@example.com");
  CHECK(created == bench.get("/api/registrations/50"));
  CHECK(bench.get("/api/registrations").at("registrations").front().at("id") == 50);
}

TEST_CASE("white space around a value is dropped and no e-mail address is needed") {
  RoutesBench bench;
  const auto* email = GENERATE("", R"(,"email":null)");
  const net::Response response = bench.post(
      "/api/registrations",
      std::string{R"({"customerName":"  Liya ","customerNumber":"1","phone":"2","branch":"3",)"
                  R"("nationalId":"4")"} +
          email + "}",
      json_type);
  CHECK(response.result() == http::status::created);
  const Json created = Json::parse(response.body());
  CHECK(created.at("customerName") == "Liya");
  CHECK(created.at("email").is_null());
}

TEST_CASE("every wrong field is named at once") {
  RoutesBench bench;
  const std::string detail = bench.refused_application(
      R"({"customerNumber":5,"phone":"  ","branch":"a\u0000b","nationalId":")" +
      std::string(41, 'x') + R"(","email":"nobody","colour":"red"})");
  CHECK(detail ==
        "customerName is missing; customerNumber must be a string; phone must not be empty; "
        "branch must not have control characters; nationalId must have at most 40 characters; "
        "email must look like name@example.com; \"colour\" is not a field of a registration.");
}

TEST_CASE("limits count characters and not bytes") {
  RoutesBench bench;
  std::string name;
  for (int count = 0; count < 120; ++count) {
    name += "ሃ";
  }
  Json body = Json::parse(valid_body);
  body["customerName"] = name;
  CHECK(bench.post("/api/registrations", body.dump(), json_type).result() == http::status::created);
  body["customerName"] = name + "x";
  CHECK_THAT(bench.refused_application(body.dump()), Contains("at most 120 characters"));
}

TEST_CASE("a body full of unknown fields gets a short answer") {
  RoutesBench bench;
  Json body = Json::parse(valid_body);
  for (int count = 0; count < 200; ++count) {
    body[std::string(50, 'x') + std::to_string(count)] = 1;
  }
  const std::string detail = bench.refused_application(body.dump());
  CHECK(detail.size() < 1'000);
  CHECK_THAT(detail, Contains("…\" is not a field") && Contains("and more."));
}

TEST_CASE("a body that is not a JSON object is refused and not quoted") {
  RoutesBench bench;
  CHECK_THAT(bench.refused_application(R"({"customerName":"Secret)"),
             Contains("not valid JSON") && Contains("byte 24") && !Contains("Secret"));
  CHECK_THAT(bench.refused_application(""), Contains("not valid JSON"));
  CHECK_THAT(bench.refused_application("\"\xff\""), Contains("not valid JSON"));
  CHECK_THAT(bench.refused_application("[]"), Contains("must be a JSON object"));
  CHECK_THAT(bench.refused_application(R"({"customerName":1e999})"), Contains("too large"));
  CHECK_THAT(bench.refused_application(R"({"phone":"1","phone":"2"})"), Contains("twice"));
}

TEST_CASE("a body of another type or of no type is a 415") {
  RoutesBench bench;
  const auto* type = GENERATE("", "text/plain", "application/x-www-form-urlencoded",
                              "application/jsonp", "multipart/form-data; a=application/json");
  CHECK_THAT(bench.problem({http::verb::post, "/api/registrations", valid_body, type},
                           http::status::unsupported_media_type),
             Contains("application/json"));
  CHECK(bench.get("/api/registrations").at("registrations").size() == 19);
}

TEST_CASE("a body that is too large is a 413") {
  RoutesBench bench;
  const std::string body(16'385, ' ');
  CHECK_THAT(bench.problem({http::verb::post, "/api/registrations", body, json_type},
                           http::status::payload_too_large),
             Contains("16384"));
  CHECK_THAT(bench.problem({http::verb::post, "/api/registrations/42/process", body, json_type},
                           http::status::payload_too_large),
             Contains("16384"));
}

TEST_CASE("the process route starts a validation with an empty body and without a body") {
  RoutesBench bench;
  const auto [body, type] =
      GENERATE(table<const char*, const char*>({{"", ""}, {"", json_type}, {" {} ", json_type}}));
  const net::Response response = bench.post("/api/registrations/42/process", body, type);
  CHECK(response.result() == http::status::accepted);
  CHECK(response.body() ==
        R"({"registrationId":42,"status":"PENDING","message":"Validation started"})");
  const Json registration = bench.get("/api/registrations/42");
  CHECK(registration.at("validating") == true);
  CHECK(registration.at("message") == "Validation started");
  CHECK(registration.at("processLog").size() == 1);
  CHECK(describe(bench.bench.broker.updates()) ==
        std::vector<std::string>{"duplicate_check started: Checking for duplicates"});
}

TEST_CASE("a second validation is a 409 while one is running") {
  RoutesBench bench;
  bench.post("/api/registrations/42/process");
  const net::Response response = bench.post("/api/registrations/42/process");
  CHECK(response.result() == http::status::conflict);
  CHECK_THAT(Json::parse(response.body()).at("type").get<std::string>(),
             Catch::Matchers::EndsWith("/validation-running"));
  CHECK(bench.post("/api/registrations/41/process").result() == http::status::accepted);
}

TEST_CASE("the process route refuses what it would ignore") {
  RoutesBench bench;
  const TestRequest request{http::verb::post, "/api/registrations/42/process"};
  CHECK_THAT(
      bench.problem({http::verb::post, request.target, "[]", json_type}, http::status::bad_request),
      Contains("must be a JSON object"));
  CHECK_THAT(bench.problem({http::verb::post, request.target, R"({"force":1e999})", json_type},
                           http::status::bad_request),
             Contains("too large"));
  CHECK_THAT(bench.problem({http::verb::post, request.target, R"({"force":true})", json_type},
                           http::status::bad_request),
             Contains("must be empty, or {}"));
  CHECK_THAT(bench.problem({http::verb::post, request.target, "{}", "text/plain"},
                           http::status::unsupported_media_type),
             Contains("application/json"));
  CHECK_THAT(
      bench.problem({http::verb::post, request.target + "?force=1"}, http::status::bad_request),
      Contains("no query parameters"));
  CHECK(bench.bench.broker.updates().empty());
}

}  // namespace
}  // namespace regstream::backend
