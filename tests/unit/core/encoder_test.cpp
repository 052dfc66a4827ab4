#include <algorithm>
#include <catch2/catch.hpp>
#include <regstream/sse/encoder.hpp>
#include <string>
#include <string_view>

#include "parser_log.hpp"

using namespace std::string_view_literals;
using regstream::Duration;
using regstream::sse::append_comment;
using regstream::sse::append_event;
using regstream::sse::append_retry;
using regstream::sse::EncodeError;
using regstream::test::event_line;
using regstream::test::left_line;
using regstream::test::log_of;

namespace {

std::string encode(std::string_view data, std::string_view type = {}, std::string_view id = {}) {
  std::string out;
  REQUIRE_FALSE(append_event(out, {.data = data, .type = type, .id = id}).has_value());
  return out;
}

}  // namespace

TEST_CASE("an event is its fields and a blank line") {
  CHECK(encode("hello") == "data: hello\n\n");
  CHECK(encode("hello", "add", "7") == "event: add\nid: 7\ndata: hello\n\n");
  CHECK(encode("") == "data: \n\n");
}

TEST_CASE("events are appended to what is there") {
  std::string out = encode("a");
  CHECK_FALSE(append_event(out, {.data = "b"}).has_value());
  CHECK(out == "data: a\n\ndata: b\n\n");
}

TEST_CASE("every line end in data begins another data line") {
  CHECK(encode("a\nb\rc\r\nd") == "data: a\ndata: b\ndata: c\ndata: d\n\n");
  CHECK(encode("a\n") == "data: a\ndata: \n\n");
  CHECK(encode("\n\r") == "data: \ndata: \ndata: \n\n");
}

TEST_CASE("data with an opening and a closing is written as if it were one text") {
  for (const std::string_view text : {""sv, "{}"sv, "{\r\n  1\r\n}"sv, "\n{\r}\n"sv}) {
    CAPTURE(text);
    std::string out;
    CHECK_FALSE(append_event(out, {.data = text, .data_opening = "<\n", .data_closing = "\n>"}));
    CHECK(out == encode("<\n" + std::string{text} + "\n>"));
  }
}

TEST_CASE("the parser reads back what the encoder writes") {
  const std::string_view texts[] = {"",
                                    " ",
                                    "  two",
                                    ":",
                                    "a: b",
                                    "data: x",
                                    "a\nb",
                                    "\n",
                                    "a\n\nb\n",
                                    "id: 9",
                                    "ሰላም 🙂",
                                    "a\0b"sv,
                                    "event: evil",
                                    "\xEF\xBB\xBF",
                                    "{\"a\":[1,2]}"};
  for (const std::string_view text : texts) {
    CHECK(log_of(encode(text, "t y", "i d")) ==
          event_line("t y", text, "i d") + left_line("i d", std::nullopt));
    CHECK(log_of(encode("x", " type", " id")) ==
          event_line(" type", "x", " id") + left_line(" id", std::nullopt));
  }
}

TEST_CASE("data can't inject a field or an event or a comment") {
  for (const std::string_view end : {"\n"sv, "\r"sv, "\r\n"sv, "\n\n"sv, "\r\r"sv, "\r\n\r\n"sv}) {
    for (const std::string_view attack :
         {"id: 666"sv, "event: evil"sv, "retry: 1"sv, ": comment"sv}) {
      std::string data = "a";
      data.append(end).append(attack).append(end).append("b");
      const std::string log = log_of(encode(data));
      // One event and the closing line, and no other field was set.
      CHECK(std::count(log.begin(), log.end(), '\n') == 2);
      CHECK(log.rfind("event message \"a\\n", 0) == 0);
      CHECK(log.find("left id \"\" retry none\n") != std::string::npos);
    }
  }
}

TEST_CASE("an id or a type with a line end or a NUL is refused and nothing is written") {
  for (const std::string_view bad : {"a\nb"sv, "a\r"sv, "\r\n"sv, "a\0"sv}) {
    std::string out = "before";
    CHECK(append_event(out, {.data = "x", .id = bad}) == EncodeError::id_has_line_end_or_nul);
    CHECK(append_event(out, {.data = "x", .type = bad}) == EncodeError::type_has_line_end_or_nul);
    CHECK(out == "before");
  }
}

TEST_CASE("retry is a block of its own") {
  std::string out;
  append_retry(out, Duration{3000});
  CHECK(out == "retry: 3000\n\n");
  CHECK(log_of(out) == "retry 3000\nleft id \"\" retry 3000\n");
}

TEST_CASE("a comment's line ends begin further comments") {
  std::string out;
  append_comment(out, "a\nb\r\ndata: evil\r");
  CHECK(out == ":a\n:b\n:data: evil\n:\n");
  CHECK(log_of(out + "\n").find("event") == std::string::npos);
}
