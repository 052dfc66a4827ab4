#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "client/document.hpp"
#include "client_scripted_server.hpp"
#include "run_until.hpp"

using namespace regstream;
using namespace regstream::client;
using Then = Answer::Then;
namespace asio = boost::asio;

namespace {

Answer keys(const std::string& fields = {}, const std::string& body = "{}") {
  return {.pieces = {"HTTP/1.1 200 OK\r\n" + fields +
                         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n",
                     body},
          .then = Then::hold};
}

/// A server and one fetch from it, on one loop.
struct Fetch {
  explicit Fetch(std::vector<Answer> answers) : server(context, std::move(answers)) {
    request.url = server.url("/keys?a=secret");
  }

  DocumentResult run() {
    fetch_document(context, request, [this](DocumentResult fetched) {
      ++calls;
      result = std::move(fetched);
    });
    REQUIRE_FALSE(result);  // Never within the call.
    REQUIRE(test::run_until(context, [this] { return result.has_value(); }));
    context.poll();
    CHECK(calls == 1);
    return *result;
  }
  std::string failure() { return std::get<DocumentFailure>(run()).what; }
  Document document() { return std::get<Document>(run()); }

  asio::io_context context{1};
  ScriptedServer server;
  DocumentRequest request;
  std::optional<DocumentResult> result;
  int calls = 0;
};

}  // namespace

TEST_CASE("a document is fetched with the time that it may be cached") {
  Fetch fetch{{keys("Cache-Control: public, Max-Age=60\r\n", "{\"keys\":[]}")}};
  fetch.request.accept = "application/json";
  const Document document = fetch.document();
  CHECK(document.body == "{\"keys\":[]}");
  CHECK(document.max_age == Duration{60'000});
  CHECK(fetch.server.requests[0].starts_with("GET /keys?a=secret HTTP/1.1\r\n"));
  CHECK_THAT(fetch.server.requests[0], Catch::Contains("\r\nAccept: application/json\r\n"));
}

TEST_CASE("a document may come in pieces or in chunks or until the connection ends") {
  const auto pieces =
      GENERATE(std::vector<std::string>{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                                        "1\r\n{\r\n", "1\r\n}\r\n", "0\r\n\r\n"},
               std::vector<std::string>{"HTTP/1.1 200 OK\r\n\r\n{", "}"});
  Fetch fetch{{{.pieces = pieces, .then = Then::close}}};
  CHECK(fetch.document().body == "{}");
}

TEST_CASE("anything else than a document is a failure in words without the query") {
  const auto [answer, words] = GENERATE(table<Answer, std::string>({
      {{.pieces = {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"}}, "status 404"},
      {keys("Content-Encoding: gzip\r\n"), "coding \"gzip\""},
      {{.pieces = {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}"}}, "broke"},
      {{.pieces = {"SSH-2.0-OpenSSH\r\n"}}, "not HTTP"},
      {{.pieces = {}}, "broke"},
      {{.pieces = {"HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n"}}, "more than 0"},
  }));
  Fetch fetch{{answer, keys()}};
  const std::string failure = fetch.failure();
  CHECK_THAT(failure, Catch::Contains(words));
  CHECK_THAT(failure, Catch::Contains(fetch.server.authority()));
  CHECK_THAT(failure, !Catch::Contains("secret"));
}

TEST_CASE("a document that is too large is not read to its end") {
  Fetch fetch{{keys({}, std::string(64, 'x'))}};
  fetch.request.limits.bytes_max = 63;
  CHECK_THAT(fetch.failure(), Catch::Contains("more than 63 bytes"));
}

TEST_CASE("a document of exactly the limit is read") {
  Fetch fetch{{keys({}, std::string(64, 'x'))}};
  fetch.request.limits.bytes_max = 64;
  CHECK(fetch.document().body.size() == 64);
}

TEST_CASE("a server that sends nothing or stops in the middle is given up") {
  const auto pieces =
      GENERATE(std::vector<std::string>{},
               std::vector<std::string>{"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"});
  Fetch fetch{{{.pieces = pieces, .then = Then::hold}}};
  fetch.request.limits.time_max = Duration{20};
  CHECK_THAT(fetch.failure(), Catch::Contains("in time"));
  CHECK(test::run_until(fetch.context, [&] { return fetch.server.closed_by_client == 1; }));
}

TEST_CASE("a document comes by https or from this machine") {
  for (const char* const url : {"https://id.bank.example/keys", "http://127.0.0.1:8080/keys",
                                "http://127.8.9.1/", "http://[::1]/keys", "http://localhost/"}) {
    CAPTURE(url);
    CHECK_FALSE(document_url_problem(url));
  }
  for (const char* const url :
       {"http://id.bank.example/keys", "http://10.0.0.1/", "http://localhost.example/"}) {
    CAPTURE(url);
    CHECK_THAT(document_url_problem(url).value_or(""), Catch::Contains("only an https:// URL"));
  }
  CHECK_THAT(document_url_problem("keys.json").value_or(""),
             Catch::Contains("not an absolute URL"));
}

TEST_CASE("a fetch that can't begin fails like others") {
  Fetch fetch{{}};
  SECTION("of a URL in the clear") {
    fetch.request.url = "http://id.bank.example/keys";
    CHECK_THAT(fetch.failure(), Catch::Contains("only an https:// URL"));
  }
  SECTION("with a CA file that is not there") {
    fetch.request.ca_file = "/nowhere/ca.pem";
    CHECK_THAT(fetch.failure(), Catch::Contains("/nowhere/ca.pem"));
  }
}
