#include <memory>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "net/problem.hpp"
#include "net_recorder.hpp"

using namespace regstream::net;
namespace http = boost::beast::http;

TEST_CASE("A response gets its length and its version and the connection's fate") {
  const auto recorder = std::make_shared<Recorder>();
  Request request(http::verb::get, "/", 10);
  request.keep_alive(true);
  Exchange(recorder, request, {}).respond_json(http::status::ok, R"({"a":1})");
  REQUIRE(recorder->answer);
  CHECK(recorder->answer->version() == 10);
  CHECK(recorder->answer->keep_alive());
  CHECK(recorder->answer->at(http::field::content_type) == "application/json");
  CHECK(recorder->answer->at(http::field::content_length) == "7");
  CHECK(recorder->answer->body() == R"({"a":1})");
}

TEST_CASE("The response to HEAD has the length and no body") {
  const auto recorder = std::make_shared<Recorder>();
  make_exchange(recorder, http::verb::head, "/").respond_json(http::status::ok, R"({"a":1})");
  REQUIRE(recorder->answer);
  CHECK(recorder->answer->at(http::field::content_length) == "7");
  CHECK(recorder->answer->body().empty());
}

TEST_CASE("A response that can have no body has no length either") {
  const auto recorder = std::make_shared<Recorder>();
  const http::status status = GENERATE(http::status::no_content, http::status::not_modified);
  const http::verb method = GENERATE(http::verb::get, http::verb::head, http::verb::put);
  const std::string body = GENERATE("", "a body by mistake");
  Response response(status, 11);
  response.content_length(body.size());
  response.body() = body;
  make_exchange(recorder, method, "/").respond(std::move(response));
  REQUIRE(recorder->answer);
  CHECK(recorder->answer->count(http::field::content_length) == 0);
  CHECK(recorder->answer->count(http::field::transfer_encoding) == 0);
  CHECK(recorder->answer->body().empty());
}

TEST_CASE("A forgotten exchange answers 500 and a moved-from one does not") {
  const auto recorder = std::make_shared<Recorder>();
  {
    Exchange exchange = make_exchange(recorder, http::verb::get, "/");
    {
      const Exchange holder = std::move(exchange);
      CHECK_FALSE(recorder->answer);
    }
    REQUIRE(recorder->answer);
    CHECK(recorder->answer->result() == http::status::internal_server_error);
    recorder->answer.reset();
  }
  CHECK_FALSE(recorder->answer);
}

TEST_CASE("A problem is RFC 9457's JSON") {
  const Response response = make_problem({.status = http::status::conflict,
                                          .detail = "Registration 42 is being validated.",
                                          .type = "validation-running"});
  CHECK(response.result() == http::status::conflict);
  CHECK(response.at(http::field::content_type) == "application/problem+json");
  CHECK(nlohmann::json::parse(response.body()) ==
        nlohmann::json{{"type", "/problems/validation-running"},
                       {"title", "Conflict"},
                       {"status", 409},
                       {"detail", "Registration 42 is being validated."}});
}

TEST_CASE("A problem without a type of its own is about:blank") {
  const Response response = make_problem({.status = http::status::not_found, .detail = "x"});
  CHECK(nlohmann::json::parse(response.body())["type"] == "about:blank");
}

TEST_CASE("A problem that quotes malformed UTF-8 is valid JSON") {
  const Response response =
      make_problem({.status = http::status::bad_request, .detail = "status \"\xff\" is unknown"});
  CHECK(nlohmann::json::parse(response.body())["detail"] == "status \"\xef\xbf\xbd\" is unknown");
}
