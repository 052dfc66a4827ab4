#include <catch2/catch.hpp>
#include <cstddef>
#include <string>

#include "parser_log.hpp"
#include "reference_parser.hpp"

using regstream::test::find_split_that_differs;
using regstream::test::log_of;
using regstream::test::reference_log;

TEST_CASE("a CR at the end of a chunk dispatches at once and skips the LF that follows later") {
  regstream::sse::Parser parser;
  CHECK(log_of(parser, {"data: a\r\n\r"}) == "event message \"a\" id \"\"\n");
  CHECK(log_of(parser, {"\n"}) == "");
  CHECK(log_of(parser, {"data: b\r\r"}) == "event message \"b\" id \"\"\n");
  CHECK(log_of(parser, {"", "\ndata: c\n\n"}) == "event message \"c\" id \"\"\n");
}

TEST_CASE("lines around the width of a vector register are found at every length") {
  for (std::size_t length = 0; length < 70; ++length) {
    const std::string value(length, 'x');
    const std::string stream = "data:" + value + "\r\n\r\nid:" + value + "\n\n";
    const std::string log =
        "event message \"" + value + "\" id \"\"\nleft id \"" + value + "\" retry none\n";
    CHECK(find_split_that_differs(stream, log) == "");
    CHECK(reference_log(stream) == log);
  }
}

TEST_CASE("megabytes in one line are parsed whole in pieces of any size") {
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
