#include <catch2/catch.hpp>
#include <regstream/message/event_id.hpp>
#include <string>
#include <string_view>

using regstream::EventId;
using regstream::parse_event_id;

TEST_CASE("an event id is two decimal numbers and is written as it was read") {
  for (const std::string_view text :
       {"0-0", "1-0", "0-1", "1702493000000-42", "18446744073709551615-18446744073709551615"}) {
    CAPTURE(text);
    const auto id = parse_event_id(text);
    REQUIRE(id.has_value());
    CHECK(to_string(*id) == text);
  }
  CHECK(parse_event_id("1702493000000-42") == EventId{.epoch = 1'702'493'000'000, .sequence = 42});
}

TEST_CASE("anything that is not exactly an event id is refused") {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      "-"sv,
                                      "1"sv,
                                      "1-"sv,
                                      "-1"sv,
                                      "1--1"sv,
                                      "1-1-1"sv,
                                      "+1-1"sv,
                                      "1-+1"sv,
                                      "-1-1"sv,
                                      " 1-1"sv,
                                      "1-1 "sv,
                                      "1 -1"sv,
                                      "01-1"sv,
                                      "1-01"sv,
                                      "00-1"sv,
                                      "1-00"sv,
                                      "1-*"sv,
                                      "*"sv,
                                      "$"sv,
                                      "1.0-1"sv,
                                      "1e3-1"sv,
                                      "0x1-1"sv,
                                      "a-b"sv,
                                      "1-1\0"sv,
                                      "18446744073709551616-0"sv,
                                      "0-18446744073709551616"sv,
                                      "99999999999999999999-0"sv,
                                      "184467440737095516150-0"sv}) {
    CAPTURE(text);
    CHECK_FALSE(parse_event_id(text).has_value());
  }
}

TEST_CASE("the event id of the later history is greater whatever its sequence") {
  CHECK(EventId{.epoch = 2, .sequence = 0} > EventId{.epoch = 1, .sequence = 99});
  CHECK(EventId{.epoch = 2, .sequence = 10} > EventId{.epoch = 2, .sequence = 9});
}
