#include <stdexcept>
#include <string>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "client/http_url.hpp"
#include "client/request_fields.hpp"
#include "client/response_fields.hpp"
#include "client_recorder.hpp"

using namespace regstream;
using namespace regstream::client;

TEST_CASE("a URL is taken apart for the resolver and for the request") {
  const auto url = [](std::string_view text) { return std::get<HttpUrl>(parse_http_url(text)); };
  CHECK(url("http://example.com").target == "/");
  CHECK(url("http://example.com").port == "80");
  CHECK(url("http://example.com:80/").host_field == "example.com");
  CHECK(url("HTTP://example.com:8080?a=b#c").target == "/?a=b");
  CHECK(url("http://example.com:8080/").host_field == "example.com:8080");
  CHECK(url("http://[::1]:8080/").host == "::1");
  CHECK(url("http://[::1]:8080/").host_field == "[::1]:8080");
  CHECK(url("http://example.com/a?token=secret").shown() == "http://example.com/a");
}

TEST_CASE("what is no URL of this client's is refused in words") {
  const auto problem = [](std::string_view text) {
    const auto parsed = parse_http_url(text);
    const auto* const found = std::get_if<UrlProblem>(&parsed);
    return found == nullptr ? std::string() : found->what;
  };
  CHECK_THAT(problem("https://example.com/"), Catch::Contains("TLS is not supported yet"));
  CHECK_THAT(problem("ftp://example.com/"), Catch::Contains("only http://"));
  CHECK_THAT(problem("example.com/stream"), Catch::Contains("no absolute URL"));
  CHECK_THAT(problem(""), Catch::Contains("no absolute URL"));
  CHECK_THAT(problem("http:///stream"), Catch::Contains("no host"));
  CHECK_THAT(problem("http://example.com:99999/"), Catch::Contains("port"));
  CHECK_THAT(problem("http://user:secret@example.com/"), Catch::Contains("Authorization"));
  CHECK_THAT(problem("http://user:secret@example.com/"), !Catch::Contains("secret"));
}

TEST_CASE("a Location is read against the URL that answered with it") {
  const auto base = std::get<HttpUrl>(parse_http_url("http://a:81/b/c/d;p?q"));
  const auto resolved = [&](std::string_view location) {
    const auto result = resolve_location(base, location);
    const auto* const url = std::get_if<HttpUrl>(&result);
    return url == nullptr ? std::string("none") : url->host_field + url->target;
  };
  // RFC 3986, 5.4.
  CHECK(resolved("g") == "a:81/b/c/g");
  CHECK(resolved("./g/") == "a:81/b/c/g/");
  CHECK(resolved("/g?y#s") == "a:81/g?y");
  CHECK(resolved("//g/h") == "g/h");
  CHECK(resolved("?y") == "a:81/b/c/d;p?y");
  CHECK(resolved("#s") == "a:81/b/c/d;p?q");
  CHECK(resolved(".") == "a:81/b/c/");
  CHECK(resolved("..") == "a:81/b/");
  CHECK(resolved("../..") == "a:81/");
  CHECK(resolved("../../../g") == "a:81/g");
  CHECK(resolved("/./g/../h") == "a:81/h");
  CHECK(resolved("g..") == "a:81/b/c/g..");
  CHECK(resolved("http://x/y%20z?w") == "x/y%20z?w");
  CHECK(resolved("") == "none");
  CHECK(resolved("a b") == "none");
  CHECK(resolved("mailto:a@b") == "none");
}

TEST_CASE("origins are the same by host and port") {
  const auto same = [](std::string_view left, std::string_view right) {
    return is_same_origin(std::get<HttpUrl>(parse_http_url(left)),
                          std::get<HttpUrl>(parse_http_url(right)));
  };
  CHECK(same("http://example.com/a", "http://EXAMPLE.com:80/b"));
  CHECK_FALSE(same("http://example.com/", "http://example.com:8080/"));
  CHECK_FALSE(same("http://example.com/", "http://www.example.com/"));
}

TEST_CASE("a request that can't be made is refused as the client is made") {
  const auto make = [](StreamRequest request) {
    boost::asio::io_context context;
    Recorder recorder;
    const StreamClient client(context, std::move(request), fast(), recorder);
  };
  const StreamRequest good = get("http://127.0.0.1/");
  CHECK_NOTHROW(make(good));
  StreamRequest bad = good;
  bad.url = "https://127.0.0.1/";
  CHECK_THROWS_AS(make(bad), std::invalid_argument);
  for (const char* const method : {"", "GET ", "G\r\nT", "HEAD", "CONNECT"}) {
    bad = good;
    bad.method = method;
    CHECK_THROWS_AS(make(bad), std::invalid_argument);
  }
  for (const HeaderField& field : std::vector<HeaderField>{{"", "x"},
                                                           {"a b", "x"},
                                                           {"a", "x\r\nb: y"},
                                                           {"Content-Length", "7"},
                                                           {"transfer-encoding", "chunked"}}) {
    bad = good;
    bad.headers = {field};
    CHECK_THROWS_AS(make(bad), std::invalid_argument);
  }
  bad = good;
  bad.last_event_id = "7\r\nX: y";
  CHECK_THROWS_AS(make(bad), std::invalid_argument);
}

TEST_CASE("a content type is an event stream whatever its case and parameters") {
  CHECK(is_event_stream("text/event-stream"));
  CHECK(is_event_stream("Text/Event-Stream; charset=utf-8"));
  CHECK(is_event_stream(" text/event-stream ;x"));
  CHECK_FALSE(is_event_stream("text/event-streams"));
  CHECK_FALSE(is_event_stream("application/json"));
  CHECK_FALSE(is_event_stream(""));
}

TEST_CASE("Retry-After is read as seconds, or as a date in any of HTTP's three forms") {
  constexpr std::time_t now = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT, the RFC's own example.
  const auto read = [](std::string_view value) { return parse_retry_after(value, now); };
  CHECK(read("120") == Duration{120'000});
  CHECK(read(" 0 ") == Duration{0});
  CHECK(read("99999999999999999999") == std::chrono::seconds{2'147'483'647});
  CHECK(read("Sun, 06 Nov 1994 08:49:47 GMT") == Duration{10'000});
  CHECK(read("Sunday, 06-Nov-94 08:49:47 GMT") == Duration{10'000});
  CHECK(read("Sun Nov  6 08:49:47 1994") == Duration{10'000});
  CHECK(read("Sun, 06 Nov 1994 08:49:00 GMT") == Duration{0});
  for (const char* const neither : {"", "-1", "1.5", "soon", "Sun, 06 Nov 1994 08:49:47 GMT x"}) {
    CHECK_FALSE(read(neither).has_value());
  }
}
