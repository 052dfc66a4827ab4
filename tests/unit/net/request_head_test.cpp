#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "net/request_head.hpp"

using namespace regstream::net;
namespace http = boost::beast::http;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Request make_head(unsigned version, const Fields& fields, std::string_view target = "/") {
  Request head(http::verb::post, target, version);
  for (const auto& [name, value] : fields) {
    head.insert(name, value);
  }
  return head;
}

Fields with_host(Fields fields) {
  fields.emplace_back("Host", "localhost");
  return fields;
}

std::string text_of(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text.append(name).append(": ").append(value).append("\n");
  }
  return text;
}

int status_of(const Request& head) {
  const auto problem = check_request_head(head);
  return problem ? static_cast<int>(problem->status) : 200;
}

}  // namespace

TEST_CASE("A body is chunked or has one length or there is none") {
  const std::vector<Fields> understood{
      {},
      {{"Content-Length", "0"}},
      {{"Content-Length", "17"}},
      {{"Transfer-Encoding", "chunked"}},
      {{"Transfer-Encoding", "Chunked"}},
  };
  for (const Fields& fields : understood) {
    INFO(text_of(fields));
    CHECK(status_of(make_head(11, with_host(fields))) == 200);
  }
}

TEST_CASE("A body whose end two programs may see differently is refused") {
  const std::vector<Fields> refused{
      {{"Content-Length", "17"}, {"Content-Length", "17"}},
      {{"Content-Length", "17, 17"}},
      {{"Content-Length", "+17"}},
      {{"Content-Length", "0x11"}},
      {{"Content-Length", ""}},
      {{"Transfer-Encoding", "gzip"}},
      {{"Transfer-Encoding", "gzip, chunked"}},
      {{"Transfer-Encoding", "chunked, gzip"}},
      {{"Transfer-Encoding", "chunked, chunked"}},
      {{"Transfer-Encoding", "identity"}},
      {{"Transfer-Encoding", "xchunked"}},
      {{"Transfer-Encoding", "chunked;q=1"}},
      {{"Transfer-Encoding", "\"chunked\""}},
      {{"Transfer-Encoding", "\vchunked"}},
      {{"Transfer-Encoding", ",chunked"}},
      {{"Transfer-Encoding", ""}},
      {{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "identity"}},
      {{"Transfer-Encoding", "gzip"}, {"Transfer-Encoding", "chunked"}},
      {{"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}},
      {{"Content-Length", "5"}, {"Transfer-Encoding", "gzip"}},
  };
  for (const Fields& fields : refused) {
    INFO(text_of(fields));
    CHECK(status_of(make_head(11, with_host(fields))) == 400);
  }
}

TEST_CASE("HTTP/1.0 has no transfer encoding") {
  CHECK(status_of(make_head(10, {{"Transfer-Encoding", "chunked"}})) == 400);
  CHECK(status_of(make_head(10, {{"Content-Length", "1"}})) == 200);
}

TEST_CASE("A request has one Host and one of HTTP/1.0 may have none") {
  CHECK(status_of(make_head(11, {})) == 400);
  CHECK(status_of(make_head(10, {})) == 200);
  CHECK(status_of(make_head(11, {{"Host", "localhost"}, {"host", "localhost"}})) == 400);
  CHECK(status_of(make_head(10, {{"Host", "localhost"}, {"Host", "localhost"}})) == 400);
}

TEST_CASE("A target and the number of fields have a maximum") {
  const Fields host{{"Host", "localhost"}};
  CHECK(status_of(make_head(11, host, "/" + std::string(target_bytes_max - 1, 'a'))) == 200);
  CHECK(status_of(make_head(11, host, "/" + std::string(target_bytes_max, 'a'))) == 414);

  Fields most = host;
  while (most.size() < header_fields_max) {
    most.emplace_back("X-" + std::to_string(most.size()), "");
  }
  CHECK(status_of(make_head(11, most)) == 200);
  most.emplace_back("X-One-More", "");
  CHECK(status_of(make_head(11, most)) == 431);
}

TEST_CASE("A folded field line is refused") {
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (const char* fields : {"\r\n", "X: a b\tc \r\n\r\n", "X:\r\nY:\t\r\n\r\n"}) {
    INFO(fields);
    CHECK_FALSE(check_field_lines(head + fields));
  }
  for (const char* fields : {" \r\n", "\ty\r\n", "X: a\r\n b\r\n\r\n", "X:\r\n\t\r\n\r\n"}) {
    INFO(fields);
    CHECK(check_field_lines(head + fields));
  }
}

TEST_CASE("Only an HTTP/1.1 client waits for 100 Continue") {
  CHECK(expects_continue(make_head(11, {{"Expect", "100-Continue"}})));
  CHECK_FALSE(expects_continue(make_head(10, {{"Expect", "100-continue"}})));
  CHECK_FALSE(expects_continue(make_head(11, {{"Expect", "something-else"}})));
}
