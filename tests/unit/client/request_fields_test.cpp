#include <stdexcept>
#include <string>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "client/request_fields.hpp"
#include "client/response_fields.hpp"
#include "client_recorder.hpp"

using namespace regstream;
using namespace regstream::client;

TEST_CASE("a request that can't be sent is refused when the client is made") {
  const auto make = [](StreamRequest request) {
    boost::asio::io_context context;
    Recorder recorder;
    const StreamClient client(context, std::move(request), fast(), recorder);
  };
  const StreamRequest good = get("http://127.0.0.1/");
  CHECK_NOTHROW(make(good));
  StreamRequest bad = good;
  bad.url = "ftp://127.0.0.1/";
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

TEST_CASE("the first coding that a client can't decode is found in the field's list") {
  const auto coding = [](std::string_view list) {
    return coding_other_than("identity", list).value_or("none");
  };
  CHECK(coding("") == "none");
  CHECK(coding(" , ,") == "none");
  CHECK(coding("Identity") == "none");
  CHECK(coding("gzip") == "gzip");
  CHECK(coding(" identity ,\tx-gzip , br") == "x-gzip");
  CHECK(coding("identity;q=1") == "identity;q=1");
}

TEST_CASE("Retry-After is read as seconds or as a date in any of HTTP's three forms") {
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

TEST_CASE("Cache-Control says how long a response may be cached") {
  CHECK(parse_max_age("max-age=60") == Duration{60'000});
  CHECK(parse_max_age("public, MAX-AGE=0 , must-revalidate") == Duration{0});
  CHECK(parse_max_age("max-age=99999999999999999999") == std::chrono::seconds{2'147'483'647});
  CHECK(parse_max_age("max-age=60, no-store") == Duration{0});
  CHECK(parse_max_age("no-cache") == Duration{0});
  for (const char* const silent : {"", "private", "max-age=", "max-age=-1", "s-maxage=60"}) {
    CHECK_FALSE(parse_max_age(silent).has_value());
  }
}
