#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "net/router.hpp"
#include "net_recorder.hpp"

using namespace regstream::net;
namespace http = boost::beast::http;

namespace {

// Answers with the route's name and what it was given.
Handler answer(std::string name) {
  return [name = std::move(name)](Exchange exchange) {
    std::string text = name;
    for (const char* parameter : {"id", "name"}) {
      if (const std::string_view value = exchange.path_parameter(parameter); !value.empty()) {
        text.append(" ").append(parameter).append("=").append(value);
      }
    }
    exchange.respond_json(http::status::ok, text);
  };
}

Response route(const Router& router, http::verb method, std::string_view target) {
  const auto recorder = std::make_shared<Recorder>();
  router.route(make_exchange(recorder, method, target));
  REQUIRE(recorder->answer);
  return *recorder->answer;
}

Router sample() {
  Router router;
  router.add(http::verb::get, "/a/{id}", answer("get one"));
  router.add(http::verb::get, "/a", answer("get all"));
  router.add(http::verb::post, "/a", answer("post"));
  router.add(http::verb::get, "/a/new", answer("get new"));
  router.add(http::verb::put, "/a/{id}", answer("put one"));
  router.add(http::verb::get, "/a/{id}/b/{name}", answer("get two"));
  return router;
}

}  // namespace

TEST_CASE("A route is found by method and path") {
  const Router router = sample();
  CHECK(route(router, http::verb::get, "/a").body() == "get all");
  CHECK(route(router, http::verb::post, "/a?x=y").body() == "post");
  CHECK(route(router, http::verb::get, "/a/42").body() == "get one id=42");
  CHECK(route(router, http::verb::get, "/a/42/b/x%20y").body() == "get two id=42 name=x y");
}

TEST_CASE("A literal wins over a name in whichever order they were added") {
  const Router router = sample();
  CHECK(route(router, http::verb::get, "/a/new").body() == "get new");
  CHECK(route(router, http::verb::get, "/a/new?x").body() == "get new");
  CHECK(route(router, http::verb::put, "/a/new").body() == "put one id=new");
}

TEST_CASE("A path without a route is 404") {
  const Router router = sample();
  const std::string path =
      GENERATE(as<std::string>{}, "/", "/b", "/a/", "//a", "/a/1/b", "/A", "/a/1/b/", "/a/1/b/2/3",
               "/a%2F1", "/a/1/b%2F2", "/%2Fa", "/a\\1", "/%61%2fnew");
  INFO(path);
  CHECK(route(router, http::verb::get, path).result() == http::status::not_found);
}

TEST_CASE("Segments are compared decoded and an encoded slash does not split") {
  const Router router = sample();
  CHECK(route(router, http::verb::get, "/%61").body() == "get all");
  CHECK(route(router, http::verb::get, "/a/ne%77").body() == "get new");
  CHECK(route(router, http::verb::get, "/a/new%2Fx").body() == "get one id=new/x");
  CHECK(route(router, http::verb::get, "/a/%2e%2e%2f/b/[%zz]").body() ==
        "get two id=../ name=[%zz]");
}

TEST_CASE("A known path with another method is 405 with the allowed methods") {
  const Router router = sample();
  const Response response = route(router, http::verb::delete_, "/a");
  CHECK(response.result() == http::status::method_not_allowed);
  CHECK(response.at(http::field::allow) == "GET, HEAD, POST");
  CHECK(response.at(http::field::content_type) == "application/problem+json");
  CHECK(route(router, http::verb::post, "/a/42").at(http::field::allow) == "GET, HEAD, PUT");
}

TEST_CASE("The connection is told the pattern of the matched route") {
  Router router = sample();
  router.set_fallback(answer("page"));
  const auto [method, target, pattern] = GENERATE_COPY(
      table<http::verb, std::string, std::string_view>({{http::verb::get, "/a/4711?x=y", "/a/{id}"},
                                                        {http::verb::head, "/a/new", "/a/new"},
                                                        {http::verb::delete_, "/a/4711", "/a/{id}"},
                                                        {http::verb::options, "/a/new", "/a/new"},
                                                        {http::verb::get, "/4711", ""},
                                                        {http::verb::put, "/4711", ""}}));
  INFO(target);
  const auto recorder = std::make_shared<Recorder>();
  router.route(make_exchange(recorder, method, target));
  CHECK(recorder->route == pattern);
}

TEST_CASE("Each method of a path is named once") {
  const Response response = route(sample(), http::verb::delete_, "/a/new");
  CHECK(response.at(http::field::allow) == "GET, HEAD, PUT");
}

TEST_CASE("OPTIONS * names the server's methods and is the only use of an asterisk") {
  const Router router = sample();
  const auto answer_of = [&router](http::verb method, std::string_view target) {
    const auto recorder = std::make_shared<Recorder>();
    router.route(Exchange(recorder, Request(method, target, 11), {}));
    REQUIRE(recorder->answer);
    return *recorder->answer;
  };
  const Response response = answer_of(http::verb::options, "*");
  CHECK(response.result() == http::status::no_content);
  CHECK(response.at(http::field::allow) == "GET, HEAD, OPTIONS, POST, PUT");
  CHECK(answer_of(http::verb::get, "*").result() == http::status::bad_request);
  CHECK(answer_of(http::verb::options, "**").result() == http::status::bad_request);
}

TEST_CASE("GET answers HEAD without a body") {
  const Response response = route(sample(), http::verb::head, "/a/42");
  CHECK(response.result() == http::status::ok);
  CHECK(response.body().empty());
}

TEST_CASE("The fallback handles GET and HEAD of paths without a route") {
  Router router = sample();
  router.set_fallback(answer("page"));
  CHECK(route(router, http::verb::get, "/b").body() == "page");
  CHECK(route(router, http::verb::head, "/b").result() == http::status::ok);
  CHECK(route(router, http::verb::get, "/a").body() == "get all");
  CHECK(route(router, http::verb::post, "/b").result() == http::status::not_found);
  CHECK(route(router, http::verb::delete_, "/a").result() == http::status::method_not_allowed);
}

TEST_CASE("The catch-all handles every path without a route with any method") {
  Router router = sample();
  router.set_catch_all(answer("all else"));
  CHECK(route(router, http::verb::post, "/b").body() == "all else");
  CHECK(route(router, http::verb::delete_, "/").body() == "all else");
  CHECK(route(router, http::verb::post, "/a").body() == "post");
  CHECK(route(router, http::verb::patch, "/a/1").result() == http::status::method_not_allowed);
}
