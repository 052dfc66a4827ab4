#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "net/request_origin.hpp"
#include "net/server.hpp"
#include "net_client.hpp"

using namespace regstream::net;
namespace http = boost::beast::http;

namespace {

AllowedHosts allow(const std::vector<std::string>& names) {
  std::vector<HostPort> hosts;
  for (const std::string& name : names) {
    hosts.push_back(parse_host_port(name).value());
  }
  return AllowedHosts(std::move(hosts));
}

int status_of(const std::optional<Problem>& problem) {
  return problem ? static_cast<int>(problem->status) : 200;
}

int get_from(const std::string& host, const AllowedHosts& allowed = {}) {
  Request request(http::verb::get, "/", 11);
  request.set(http::field::host, host);
  return status_of(check_request_origin(request, std::nullopt, allowed));
}

using Fields = std::vector<std::pair<std::string, std::string>>;

int ask(http::verb method, const std::string& host, const Fields& fields,
        const AllowedHosts& allowed = {}) {
  Request request(method, "/", 11);
  request.set(http::field::host, host);
  for (const auto& [name, value] : fields) {
    request.insert(name, value);
  }
  return status_of(check_request_origin(request, std::nullopt, allowed));
}

}  // namespace

TEST_CASE("Only hosts that no other site can have are answered") {
  const std::string host =
      GENERATE(as<std::string>{}, "127.0.0.1", "127.0.0.1:8080", "10.1.2.3", "[::1]:8080",
               "[2001:db8::1]", "localhost", "LOCALHOST:1", "localhost.", "page.localhost:8080");
  INFO(host);
  CHECK(get_from(host) == 200);
}

TEST_CASE("Every other host is 421 and so is a malformed one") {
  const std::string host =
      GENERATE(as<std::string>{}, "evil.example", "evil.example:8080", "127.0.0.1.evil.example",
               "localhost.evil.example", "evillocalhost", "127.1", "2130706433", "", "127.0.0.1:x",
               "127.0.0.1, evil.example", "evil.example@127.0.0.1", "127.0.0.1/evil", "[::1%25lo]",
               "gateways");
  INFO(host);
  CHECK(get_from(host) == 421);
}

TEST_CASE("An allowed name is answered under any port unless it was given with one") {
  const AllowedHosts allowed = allow({"Bank.Example.", "updates.example:8443", "tls.example:443"});
  CHECK(get_from("bank.example", allowed) == 200);
  CHECK(get_from("BANK.example.:8080", allowed) == 200);
  CHECK(get_from("www.bank.example", allowed) == 421);
  CHECK(get_from("updates.example:8443", allowed) == 200);
  CHECK(get_from("updates.example:8080", allowed) == 421);
  CHECK(get_from("updates.example", allowed) == 421);
  CHECK(get_from("tls.example", allowed) == 200);
  CHECK(get_from("127.0.0.1", allowed) == 200);
}

TEST_CASE("A refusal of a host says what to do") {
  Request request(http::verb::get, "/", 11);
  request.set(http::field::host, "bank.example:8080");
  const auto problem = check_request_origin(request, std::nullopt, {});
  REQUIRE(problem);
  CHECK_THAT(problem->detail, Catch::Contains("--allow-host bank.example"));
}

TEST_CASE("The authority of an absolute target replaces Host") {
  Request request(http::verb::get, "http://x/", 11);
  request.set(http::field::host, "127.0.0.1");
  CHECK(status_of(check_request_origin(request, "evil.example", {})) == 421);
  CHECK(status_of(check_request_origin(request, "127.0.0.1\\.evil.example", {})) == 421);
  CHECK(status_of(check_request_origin(request, "u@127.0.0.1", {})) == 421);
  CHECK(status_of(check_request_origin(request, "", {})) == 421);
  request.set(http::field::host, "evil.example");
  CHECK(status_of(check_request_origin(request, "127.0.0.1:80", {})) == 200);

  request.method(http::verb::post);
  request.set(http::field::origin, "http://127.0.0.1");
  CHECK(status_of(check_request_origin(request, "127.0.0.1:80", {})) == 200);
  CHECK(status_of(check_request_origin(request, "127.0.0.2:80", {})) == 403);
}

TEST_CASE("HTTP/1.0 may come without a Host but not from a page") {
  Request request(http::verb::post, "/", 10);
  CHECK(status_of(check_request_origin(request, std::nullopt, {})) == 200);
  request.set(http::field::origin, "http://127.0.0.1");
  CHECK(status_of(check_request_origin(request, std::nullopt, {})) == 403);
}

TEST_CASE("If Sec-Fetch-Site is sent it alone decides who may change something") {
  const std::vector<std::pair<Fields, int>> cases{
      {Fields{}, 200},
      {Fields{{"Sec-Fetch-Site", "same-origin"}}, 200},
      {Fields{{"sec-fetch-site", "none"}}, 200},
      {Fields{{"Sec-Fetch-Site", "cross-site"}}, 403},
      {Fields{{"Sec-Fetch-Site", "same-site"}}, 403},
      {Fields{{"Sec-Fetch-Site", "Same-Origin"}}, 403},
      {Fields{{"Sec-Fetch-Site", ""}}, 403},
      {Fields{{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "same-origin"}}, 403},
      {Fields{{"Sec-Fetch-Site", "same-origin, none"}}, 403},
      {Fields{{"Sec-Fetch-Site", "same-origin"}, {"Origin", "https://elsewhere.example"}}, 200},
      {Fields{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://127.0.0.1:8080"}}, 403},
  };
  for (const auto& [fields, status] : cases) {
    INFO((fields.empty() ? "none" : fields.front().second));
    CHECK(ask(http::verb::post, "127.0.0.1:8080", fields) == status);
  }
}

TEST_CASE("If only Origin is sent it must be this host") {
  const AllowedHosts allowed = allow({"bank.example"});
  const auto [host, origin, status] = GENERATE(table<std::string, std::string, int>({
      {"127.0.0.1:8080", "http://127.0.0.1:8080", 200},
      {"127.0.0.1", "http://127.0.0.1", 200},
      {"127.0.0.1:80", "http://127.0.0.1", 200},
      {"[::1]:8080", "http://[::1]:8080", 200},
      {"LOCALHOST.:8080", "http://localhost:8080", 200},
      {"bank.example", "https://bank.example", 200},  // A proxy took TLS off.
      {"bank.example:443", "https://bank.example", 200},
      {"bank.example:8443", "https://bank.example:8443", 200},
      {"bank.example:80", "https://bank.example", 403},
      {"bank.example", "https://bank.example:8443", 403},
      {"127.0.0.1:8080", "http://127.0.0.1:8081", 403},
      {"127.0.0.1:8080", "http://127.0.0.1", 403},
      {"127.0.0.1:8080", "http://localhost:8080", 403},
      {"127.0.0.1:8080", "http://127.0.0.1:8080/", 403},
      {"127.0.0.1:8080", "http://127.0.0.1:8080.evil.example", 403},
      {"127.0.0.1:8080", "https://evil.example", 403},
      {"127.0.0.1:8080", "null", 403},
      {"127.0.0.1:8080", "", 403},
      {"127.0.0.1:8080", "127.0.0.1:8080", 403},
      {"127.0.0.1:8080", "file://", 403},
      {"127.0.0.1:8080", "chrome-extension://127.0.0.1:8080", 403},
      {"127.0.0.1:8080", "http://127.0.0.1:8080 http://evil.example", 403},
  }));
  CAPTURE(host, origin);
  CHECK(ask(http::verb::post, host, {{"Origin", origin}}, allowed) == status);
  CHECK(ask(http::verb::post, host, {{"Origin", origin}, {"Origin", origin}}, allowed) == 403);
}

TEST_CASE("A page of another site may send a preflight and link to a page and nothing else") {
  const Fields cross{{"Sec-Fetch-Site", "cross-site"}};
  Fields link = cross;
  link.emplace_back("Sec-Fetch-Mode", "navigate");
  link.emplace_back("Sec-Fetch-Dest", "document");
  CHECK(ask(http::verb::options, "127.0.0.1", cross) == 200);
  for (const http::verb method : {http::verb::get, http::verb::head}) {
    CHECK(ask(method, "127.0.0.1", cross) == 403);
    CHECK(ask(method, "127.0.0.1", {{"Sec-Fetch-Site", "same-site"}}) == 403);
    CHECK(ask(method, "127.0.0.1", link) == 200);
    CHECK(ask(method, "127.0.0.1", {{"Origin", "https://elsewhere.example"}}) == 200);
  }
  for (const http::verb method :
       {http::verb::post, http::verb::put, http::verb::patch, http::verb::delete_,
        http::verb::trace, http::verb::connect, http::verb::unknown}) {
    CHECK(ask(method, "127.0.0.1", cross) == 403);
    CHECK(ask(method, "127.0.0.1", link) == 403);
  }
}

TEST_CASE("Another site's frame or embed or fetch is not a link") {
  for (const auto& [mode, dest] :
       std::vector<std::pair<std::string, std::string>>{{"navigate", "iframe"},
                                                        {"navigate", "object"},
                                                        {"navigate", ""},
                                                        {"no-cors", "image"},
                                                        {"no-cors", "empty"},
                                                        {"cors", "empty"},
                                                        {"", "document"}}) {
    CAPTURE(mode, dest);
    CHECK(ask(http::verb::get, "127.0.0.1",
              {{"Sec-Fetch-Site", "cross-site"},
               {"Sec-Fetch-Mode", mode},
               {"Sec-Fetch-Dest", dest}}) == 403);
  }
}

namespace {

// A server whose one route counts how often it was reached.
class Counting {
 public:
  explicit Counting(std::optional<AllowedHosts> allowed_hosts) {
    router_.set_catch_all([this](Exchange exchange) {
      ++reached_;
      exchange.respond_json(http::status::ok, "{}");
    });
    server_ = std::make_unique<Server>(context_, router_,
                                       ServerOptions{.address = "127.0.0.1",
                                                     .port = 0,
                                                     .limits = {},
                                                     .allowed_hosts = std::move(allowed_hosts)});
    thread_ = std::thread([this] { context_.run(); });
  }
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;
  ~Counting() {
    context_.stop();
    thread_.join();
  }

  /// The whole answer to the bytes, to the connection's end.
  [[nodiscard]] std::string answer(const std::string& bytes) const {
    Client client(server_->port());
    client.send(bytes);
    return client.read_to_end();
  }
  [[nodiscard]] int reached() const { return reached_; }

 private:
  boost::asio::io_context context_{1};
  Router router_;
  std::unique_ptr<Server> server_;
  std::atomic<int> reached_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("A request from another site is refused before its body and changes nothing") {
  const Counting server{AllowedHosts()};
  const auto [bytes, status] = GENERATE(table<std::string, int>({
      {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
      {"GET /%00 HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
      {"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 421},
      {"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: null\r\nContent-Length: 9\r\n\r\n", 403},
      {"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\nExpect: "
       "100-continue\r\n"
       "Content-Length: 9\r\n\r\n",
       403},
      {"STEAL / HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n\r\n", 403},
  }));
  CAPTURE(bytes);
  const std::string answer = server.answer(bytes);
  CHECK(regstream::net::status_of(std::string_view(answer)) == status);
  CHECK_THAT(answer, Catch::Contains("Content-Type: application/problem+json\r\n"));
  CHECK_THAT(answer, Catch::Contains("Cross-Origin-Resource-Policy: same-origin\r\n"));
  CHECK(server.reached() == 0);
}

TEST_CASE("A server that plays another one answers under any name") {
  const Counting server{std::nullopt};
  const std::string answer = server.answer(
      "POST / HTTP/1.1\r\nHost: a_service\r\nOrigin: null\r\nConnection: close\r\n"
      "Content-Length: 0\r\n\r\n");
  CHECK(regstream::net::status_of(std::string_view(answer)) == 200);
  CHECK_THAT(answer, Catch::Contains("Cross-Origin-Resource-Policy: same-origin\r\n"));
  CHECK(server.reached() == 1);
}
