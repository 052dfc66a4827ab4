#include <catch2/catch.hpp>
#include <cstddef>
#include <string>

#include "parser_log.hpp"

using regstream::sse::ParserLimits;
using regstream::test::find_split_that_differs;
using regstream::test::log_of;

namespace {

constexpr ParserLimits limits{.line_bytes_max = 12, .event_bytes_max = 16, .id_bytes_max = 4};

}  // namespace

TEST_CASE("a line at its limit passes, and one byte more is an error at every split") {
  CHECK(find_split_that_differs("data: 123456\n\n",
                                "event message \"123456\" id \"\"\n"
                                "left id \"\" retry none\n",
                                limits) == "");
  CHECK(find_split_that_differs("data: a\n\ndata: 1234567\n\ndata: b\n\n",
                                "event message \"a\" id \"\"\n"
                                "error line_too_long\n"
                                "left id \"\" retry none\n",
                                limits) == "");
}

TEST_CASE("a line that never ends is an error as soon as it is over its limit") {
  CHECK(find_split_that_differs(":234567890123", "error line_too_long\nleft id \"\" retry none\n",
                                limits) == "");
  CHECK(find_split_that_differs(":23456789012", "left id \"\" retry none\n", limits) == "");
}

TEST_CASE("an event at its limit passes, and one byte more is an error at every split") {
  CHECK(find_split_that_differs("data:1234567\ndata:12345678\ndata: x\n\n",
                                "error line_too_long\nleft id \"\" retry none\n", limits) == "");
  CHECK(find_split_that_differs("data:1234567\ndata:1234567\ndata\n\n",
                                "event message \"1234567\\n1234567\\n\" id \"\"\n"
                                "left id \"\" retry none\n",
                                limits) == "");
  CHECK(find_split_that_differs("data:1234567\ndata:1234567\ndata:1\n\n",
                                "error event_too_large\nleft id \"\" retry none\n", limits) == "");
}

TEST_CASE("a single line of data is bounded as well") {
  constexpr ParserLimits small_event{
      .line_bytes_max = 100, .event_bytes_max = 3, .id_bytes_max = 4};
  CHECK(find_split_that_differs("data:123\n\ndata:1234\n\n",
                                "event message \"123\" id \"\"\n"
                                "error event_too_large\nleft id \"\" retry none\n",
                                small_event) == "");
}

TEST_CASE("an id at its limit passes, and one byte more is an error at every split") {
  CHECK(find_split_that_differs("id:1234\n\nid:12345\n\n",
                                "error id_too_long\nleft id \"1234\" retry none\n", limits) == "");
}

TEST_CASE("replacement characters count as what they are in the result") {
  CHECK(find_split_that_differs("id:\xFF\n\nid:\xFF\xFF\n\n",
                                "error id_too_long\nleft id \"\uFFFD\" retry none\n",
                                limits) == "");
}

TEST_CASE("an id with a NUL is ignored before it is measured") {
  using namespace std::string_view_literals;
  CHECK(find_split_that_differs("id:12345\0\ndata\n\n"sv,
                                "event message \"\" id \"\"\nleft id \"\" retry none\n",
                                limits) == "");
}

TEST_CASE("a stopped parser gives its error once, and works again for the next connection") {
  regstream::sse::Parser parser{limits};
  CHECK(log_of(parser, {"id: 7\n\ndata: 1234567890\n\n", "data: a\n\n", "\n"}) ==
        "error line_too_long\n");
  parser.begin_connection();
  CHECK(log_of(parser, {"data: a\n\n"}) == "event message \"a\" id \"7\"\n");
}

TEST_CASE("megabytes in one line come through whole, in pieces of any size") {
  const std::string value(3'000'000, 'x');
  const std::string stream = "data: " + value + "\n\n";
  for (const std::size_t size : {std::size_t{1000}, std::size_t{65'536}, stream.size()}) {
    regstream::sse::Parser parser;
    std::size_t events = 0;
    std::size_t bytes = 0;
    for (std::size_t begin = 0; begin < stream.size(); begin += size) {
      parser.feed(std::string_view{stream}.substr(begin, size));
      for (auto token = parser.next(); !std::holds_alternative<regstream::sse::NeedInput>(token);
           token = parser.next()) {
        const auto* event = std::get_if<regstream::sse::Event>(&token);
        REQUIRE(event != nullptr);
        ++events;
        bytes += event->data.size();
      }
    }
    CHECK(events == 1);
    CHECK(bytes == value.size());
  }
}
