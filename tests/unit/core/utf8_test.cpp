#include <catch2/catch.hpp>
#include <regstream/sse/parser.hpp>
#include <string>
#include <string_view>

#include "parser_log.hpp"
#include "reference_parser.hpp"

using namespace std::string_view_literals;
using regstream::test::event_line;
using regstream::test::find_split_that_differs;
using regstream::test::left_line;
using regstream::test::reference_utf8;

namespace {

/// The parser's data for `bytes`, and for the same bytes after a run of ASCII.
void check(std::string_view bytes, std::string_view decoded) {
  CAPTURE(decoded);
  for (const std::size_t ascii : {0U, 7U, 8U, 9U, 16U}) {
    const std::string before(ascii, 'a');
    const std::string stream = "data:" + before + std::string{bytes} + "\n\n";
    const std::string log =
        event_line("message", before + std::string{decoded}, "") + left_line("", std::nullopt);
    CHECK(find_split_that_differs(stream, log) == "");
  }
  CHECK(reference_utf8(bytes) == decoded);
}

}  // namespace

TEST_CASE("well-formed sequences of every length are kept") {
  check("\x7F", "\x7F");
  check("\xC2\x80", "\xC2\x80");
  check("\xDF\xBF", "\xDF\xBF");
  check("\xE0\xA0\x80", "\xE0\xA0\x80");
  check("\xED\x9F\xBF", "\xED\x9F\xBF");
  check("\xEE\x80\x80", "\xEE\x80\x80");
  check("\xEF\xBF\xBF", "\xEF\xBF\xBF");
  check("\xF0\x90\x80\x80", "\xF0\x90\x80\x80");
  check("\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF");
}

TEST_CASE("lone bytes are replaced one by one") {
  check("\x80", "\uFFFD");
  check("\xBF\xBF", "\uFFFD\uFFFD");
  check("\xFE\xFF", "\uFFFD\uFFFD");
  check("\xF5\x80\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("overlong forms are replaced byte by byte") {
  check("\xC0\xAF", "\uFFFD\uFFFD");
  check("\xC1\xBF", "\uFFFD\uFFFD");
  check("\xE0\x80\xAF", "\uFFFD\uFFFD\uFFFD");
  check("\xF0\x80\x80\xAF", "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("surrogates and code points above U+10FFFF are replaced byte by byte") {
  check("\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD");
  check("\xED\xBF\xBF", "\uFFFD\uFFFD\uFFFD");
  check("\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("a truncated sequence is replaced as one") {
  check("\xE2\x82", "\uFFFD");
  check("\xF0\x9F\x99", "\uFFFD");
  check("\xF0\x9F", "\uFFFD");
  check("\xC3", "\uFFFD");
  check(
      "\xE2\x82"
      "a",
      "\uFFFDa");
  check(
      "\xF0\x9F\x99"
      "a\xF0\x9F"
      "b",
      "\uFFFD"
      "a\uFFFD"
      "b");
}

TEST_CASE("the Unicode standard's example of maximal subparts is followed") {
  check("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64",
        "a\uFFFD\uFFFD\uFFFD"
        "b\uFFFD"
        "c\uFFFD\uFFFD"
        "d");
}

TEST_CASE("a sequence that interrupts another is not replaced with it") {
  check("\xE2\xE2\x82\xAC", "\uFFFD€");
  check("\xF0\x9F\xC3\xA9", "\uFFFDé");
}
