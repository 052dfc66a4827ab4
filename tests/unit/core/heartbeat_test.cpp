#include <optional>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <regstream/sse/heartbeat.hpp>
#include <regstream/sse/parser.hpp>

using regstream::Duration;
using regstream::sse::append_heartbeat;
using regstream::sse::heartbeat_interval_max;
using regstream::sse::parse_heartbeat;

TEST_CASE("a heartbeat is a comment with its interval in milliseconds") {
  std::string bytes;
  append_heartbeat(bytes, Duration{10'000});
  CHECK(bytes == ": heartbeat 10000\n");
}

TEST_CASE("a heartbeat that is written is read by the parser") {
  for (const Duration interval :
       {Duration{1}, Duration{50}, Duration{10'000}, Duration{3'599'999}, heartbeat_interval_max}) {
    std::string bytes;
    append_heartbeat(bytes, interval);
    regstream::sse::Parser parser;
    parser.feed(bytes);
    const auto token = parser.next();
    REQUIRE(std::holds_alternative<regstream::sse::Comment>(token));
    CHECK(parse_heartbeat(std::get<regstream::sse::Comment>(token).text) == interval);
  }
}

TEST_CASE("any other comment announces nothing") {
  for (const std::string_view other : {"",
                                       " ",
                                       "heartbeat 10000",
                                       " heartbeat",
                                       " heartbeat ",
                                       " heartbeat  10000",
                                       " heartbeat 10000 ",
                                       " heartbeat 10000ms",
                                       " heartbeat 10 000",
                                       " heartbeat\t10000",
                                       " heartbeat +10000",
                                       " heartbeat -1",
                                       " heartbeat 1e9",
                                       " heartbeat 1.5",
                                       " heartbeat 0x10",
                                       " Heartbeat 10000",
                                       "  heartbeat 10000",
                                       " heartbeats 10000",
                                       " heartbeat 0",
                                       " heartbeat 0000000",
                                       " heartbeat 3600001",
                                       " heartbeat 9999999",
                                       " heartbeat 10000000",
                                       " heartbeat 00010000",
                                       " heartbeat 99999999999999999999",
                                       " heartbeat 18446744073709561616",
                                       " heartbeat \xEF\xBC\x91"}) {
    CAPTURE(other);
    CHECK(parse_heartbeat(other) == std::nullopt);
  }
}
