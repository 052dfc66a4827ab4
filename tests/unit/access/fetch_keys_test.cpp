#include "access/fetch_keys.hpp"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "net/router.hpp"
#include "net/server.hpp"
#include "run_until.hpp"
#include "signer.hpp"

namespace regstream::access {
namespace {

namespace http = boost::beast::http;
using Catch::Contains;

/// A server of keys on loopback, and what is fetched of it.
class KeyServer {
 public:
  explicit KeyServer(net::Response response) : response_(std::move(response)) {
    router_.add(http::verb::get, "/keys", [this](net::Exchange exchange) {
      accepted = std::string(exchange.request()[http::field::accept]);
      exchange.respond(response_);
    });
  }

  FetchResult fetch(const std::string& path) {
    std::optional<FetchResult> result;
    const std::string url = "http://127.0.0.1:" + std::to_string(server_.port()) + path;
    fetch_keys_by_https(context_, {})(url, [&result](FetchResult got) { result = std::move(got); });
    REQUIRE(test::run_until(context_, [&result] { return result.has_value(); }));
    return *std::move(result);
  }

  std::string accepted;

 private:
  boost::asio::io_context context_{1};
  net::Response response_;
  net::Router router_;
  net::Server server_{
      context_, router_, {.address = "127.0.0.1", .port = 0, .limits = {}, .allowed_hosts = {}}};
};

net::Response answer(const std::string& body) {
  net::Response response{http::status::ok, 11};
  response.set(http::field::content_type, "application/jwk-set+json");
  response.set(http::field::cache_control, "public, max-age=60");
  response.body() = body;
  return response;
}

TEST_CASE("a set of keys is fetched with the time that it may be kept", "[access]") {
  const std::string set = test::jwks({test::ec_signer().jwk({{"kid", "a"}})});
  KeyServer server(answer(set));
  const auto result = server.fetch("/keys");
  const auto& fetched = std::get<FetchedKeys>(result);
  CHECK(fetched.text == set);
  CHECK(fetched.max_age == Duration{60'000});
  CHECK_THAT(server.accepted, Contains("application/jwk-set+json"));
}

TEST_CASE("a fetch that fails says why without the query of its URL", "[access]") {
  KeyServer server(answer(std::string((1U << 20U) + 1, ' ')));
  CHECK_THAT(std::get<FetchError>(server.fetch("/keys?key=SECRET")).what,
             Contains("1048576 bytes") && !Contains("SECRET"));
  CHECK_THAT(std::get<FetchError>(server.fetch("/other?key=SECRET")).what,
             Contains("404") && !Contains("SECRET"));
}

}  // namespace
}  // namespace regstream::access
