#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "parser_log.hpp"
#include "reference_parser.hpp"

using namespace std::string_view_literals;
using regstream::test::find_split_that_differs;
using regstream::test::reference_log;

namespace {

/// The stream gives this log in one piece and however it is split; the reference agrees.
void check(std::string_view stream, std::string_view log) {
  CHECK(find_split_that_differs(stream, log) == "");
  CHECK(reference_log(stream) == log);
}

}  // namespace

TEST_CASE("a data line and a blank line are an event") {
  check("data: hello\n\n",
        "event message \"hello\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("an event that the stream's end cuts off is not dispatched") {
  check("data: hello\n", "left id \"\" retry none\n");
  check("data: one\n\ndata: two",
        "event message \"one\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("data lines are joined by line feeds") {
  check("data: YHOO\ndata: +2\ndata: 10\n\n",
        "event message \"YHOO\\n+2\\n10\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("one space after the colon belongs to the field, a second one to the value") {
  check("data:test\n\ndata: test\n\ndata:  test\n\ndata:\ttest\n\n",
        "event message \"test\" id \"\"\n"
        "event message \"test\" id \"\"\n"
        "event message \" test\" id \"\"\n"
        "event message \"\ttest\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("a bare data field is an empty line of data") {
  check("data\n\ndata\ndata\n\ndata:\n\n",
        "event message \"\" id \"\"\n"
        "event message \"\\n\" id \"\"\n"
        "event message \"\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("a value keeps its later colons") {
  check("data: {\"a\":1}\n\n",
        "event message \"{\"a\":1}\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("CR, LF and CRLF end lines, mixed within one event") {
  check("data: a\rdata: b\ndata: c\r\n\r\ndata: d\r\rdata: e\n\r",
        "event message \"a\\nb\\nc\" id \"\"\n"
        "event message \"d\" id \"\"\n"
        "event message \"e\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("events that end in different ways stay two events") {
  check("data: one\n\r\ndata: two\r\n\n",
        "event message \"one\" id \"\"\n"
        "event message \"two\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("a CR at the end of a chunk dispatches at once, and swallows the LF that comes later") {
  regstream::sse::Parser parser;
  CHECK(regstream::test::log_of(parser, {"data: a\r\n\r"}) == "event message \"a\" id \"\"\n");
  CHECK(regstream::test::log_of(parser, {"\n"}) == "");
  CHECK(regstream::test::log_of(parser, {"data: b\r\r"}) == "event message \"b\" id \"\"\n");
  CHECK(regstream::test::log_of(parser, {"", "\ndata: c\n\n"}) == "event message \"c\" id \"\"\n");
}

TEST_CASE("a byte order mark at the start is dropped, and only one") {
  check(
      "\xEF\xBB\xBF"
      "data: a\n\n",
      "event message \"a\" id \"\"\n"
      "left id \"\" retry none\n");
  check(
      "\xEF\xBB\xBF\xEF\xBB\xBF"
      "data: a\n\ndata: b\n\n",
      "event message \"b\" id \"\"\n"
      "left id \"\" retry none\n");
  check(
      "data: a\n\n\xEF\xBB\xBF"
      "data: b\n\n",
      "event message \"a\" id \"\"\n"
      "left id \"\" retry none\n");
}

TEST_CASE("half a byte order mark belongs to the first line") {
  check(
      "\xEF\xBB"
      "data: a\n\xEF\ndata: b\n\n",
      "event message \"b\" id \"\"\n"
      "left id \"\" retry none\n");
  check("\xEF\n\ndata: b\n\n",
        "event message \"b\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("comments are reported and change nothing") {
  check(": first\ndata: a\n:\n:second\ndata: b\n\n",
        "comment \" first\"\n"
        "comment \"\"\n"
        "comment \"second\"\n"
        "event message \"a\\nb\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("unknown fields, and field names in other cases, are ignored") {
  check("Data: a\nfoo: b\nfoo\n data: c\ndata : d\ndatax: e\ndat: f\ndata: g\n\n",
        "event message \"g\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("an event field names the type of its own event only") {
  check(
      "event: add\ndata: 1\n\ndata: 2\n\nevent: a\nevent: b\ndata: 3\n\nevent: c\nevent\ndata: "
      "4\n\n",
      "event add \"1\" id \"\"\n"
      "event message \"2\" id \"\"\n"
      "event b \"3\" id \"\"\n"
      "event message \"4\" id \"\"\n"
      "left id \"\" retry none\n");
}

TEST_CASE("a block without data dispatches nothing, and clears the type") {
  check("event: add\n\ndata: 1\n\n",
        "event message \"1\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("an id holds for later events until another comes") {
  check("id: 1\ndata: a\n\ndata: b\n\ndata: c\nid: 2\n\n",
        "event message \"a\" id \"1\"\n"
        "event message \"b\" id \"1\"\n"
        "event message \"c\" id \"2\"\n"
        "left id \"2\" retry none\n");
}

TEST_CASE("an id counts at the blank line, with or without data") {
  check("id: 1\n", "left id \"\" retry none\n");
  check("id: 1\n\n", "left id \"1\" retry none\n");
}

TEST_CASE("a bare id empties the last event ID") {
  check("id: 1\ndata: a\n\nid\ndata: b\n\n",
        "event message \"a\" id \"1\"\n"
        "event message \"b\" id \"\"\n"
        "left id \"\" retry none\n");
  check("id: 1\n\nid:\n\n", "left id \"\" retry none\n");
}

TEST_CASE("an id with a NUL is ignored") {
  check("id: 1\nid: 2\0003\ndata: a\n\n"sv,
        "event message \"a\" id \"1\"\n"
        "left id \"1\" retry none\n");
}

TEST_CASE("a NUL elsewhere is a character like any other") {
  check("data: a\0b\nevent: c\0d\n\n"sv,
        "event c\0d \"a\\0b\" id \"\"\n"
        "left id \"\" retry none\n"sv);
}

TEST_CASE("retry takes effect at its line's end, if it is digits only") {
  check("retry: 3000\n",
        "retry 3000\n"
        "left id \"\" retry 3000\n");
  check("retry: 3000\nretry: 1s\nretry: -1\nretry:\nretry\nretry:  5\nretry: 1.5\nretry: 0x10\n",
        "retry 3000\n"
        "left id \"\" retry 3000\n");
  check("retry: 0\nretry: 0000000000000000000000000000017\n",
        "retry 0\n"
        "retry 17\n"
        "left id \"\" retry 17\n");
}

TEST_CASE("a retry beyond every number is the longest duration") {
  CHECK(find_split_that_differs("retry: 9223372036854775806\n",
                                "retry 9223372036854775806\n"
                                "left id \"\" retry 9223372036854775806\n") == "");
  CHECK(find_split_that_differs("retry: 9223372036854775808\n",
                                "retry 9223372036854775807\n"
                                "left id \"\" retry 9223372036854775807\n") == "");
  CHECK(find_split_that_differs("retry: 99999999999999999999999999999999\n",
                                "retry 9223372036854775807\n"
                                "left id \"\" retry 9223372036854775807\n") == "");
}

TEST_CASE("invalid UTF-8 is replaced, and never swallows a line end") {
  check("data: a\xE2\x82\n\n",
        "event message \"a\uFFFD\" id \"\"\n"
        "left id \"\" retry none\n");
  check("data: \xF0\r\ndata: \xC3\rdata: \xE2\x82\xAC\n\n",
        "event message \"\uFFFD\\n\uFFFD\\n€\" id \"\"\n"
        "left id \"\" retry none\n");
  check("event: \xFF\nid: \x80\n:\xC0\xAF\ndata\n\n",
        "comment \"\uFFFD\uFFFD\"\n"
        "event \uFFFD \"\" id \"\uFFFD\"\n"
        "left id \"\uFFFD\" retry none\n");
}

TEST_CASE("text of other scripts comes through unchanged") {
  check("data: ሰላም Grüße 你好 🙂\n\n",
        "event message \"ሰላም Grüße 你好 🙂\" id \"\"\n"
        "left id \"\" retry none\n");
}

TEST_CASE("an empty stream, and one of blank lines, have no events") {
  check("", "left id \"\" retry none\n");
  check("\n\r\r\n\n\n", "left id \"\" retry none\n");
}

TEST_CASE("lines around the width of a vector register are found at every length") {
  for (std::size_t length = 0; length < 70; ++length) {
    const std::string value(length, 'x');
    const std::string stream = "data:" + value + "\r\n\r\nid:" + value + "\n\n";
    check(stream,
          "event message \"" + value + "\" id \"\"\nleft id \"" + value + "\" retry none\n");
  }
}
