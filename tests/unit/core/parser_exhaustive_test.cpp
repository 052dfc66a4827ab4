#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "parser_log.hpp"
#include "reference_parser.hpp"

using namespace std::string_view_literals;
using regstream::test::find_split_that_differs;
using regstream::test::reference_log;

namespace {

/// Compares the parser with the reference for every sequence of up to `length` of the `words`, at
/// every split. Returns the number of streams.
std::size_t check_all(const std::vector<std::string_view>& words, std::size_t length,
                      std::string_view before = {}, std::string_view after = {},
                      const regstream::sse::ParserLimits& limits = {}) {
  std::size_t streams = 0;
  for (std::size_t count = 0; count <= length; ++count) {
    std::vector<std::size_t> choice(count, 0);
    while (true) {
      std::string stream{before};
      for (const std::size_t word : choice) {
        stream += words[word];
      }
      stream += after;
      const std::string difference =
          find_split_that_differs(stream, reference_log(stream, limits), limits);
      if (!difference.empty()) {
        FAIL(difference);
      }
      ++streams;
      // Counts up in base `words.size()`.
      std::size_t digit = 0;
      while (digit < count && ++choice[digit] == words.size()) {
        choice[digit++] = 0;
      }
      if (digit == count) {
        break;
      }
    }
  }
  return streams;
}

}  // namespace

TEST_CASE("every short stream of data lines agrees with the standard's own steps") {
  CHECK(check_all({"data"sv, ":"sv, "\n"sv, "\r"sv, " "sv, "x"sv}, 6) == 55987);
}

TEST_CASE("every short stream of single bytes agrees with the standard's own steps") {
  CHECK(check_all({"d"sv, ":"sv, "\n"sv, "\r"sv, " "sv}, 6) == 19531);
}

TEST_CASE(
    "every short sequence of line ends between data lines agrees with the standard's own steps") {
  CHECK(check_all({"data:a"sv, "\n"sv, "\r"sv, "\r\n"sv}, 6) == 5461);
}

TEST_CASE("every short sequence of fields agrees with the standard's own steps") {
  CHECK(check_all({"id:"sv, "data:"sv, "event:"sv, "retry:"sv, "\n"sv, "\r"sv, "7"sv, "\0"sv}, 4) ==
        4681);
}

TEST_CASE("every short sequence of whole lines agrees with the standard's own steps") {
  CHECK(check_all({"id:1\n"sv, "id\n"sv, "data:a\n"sv, "event:b\r\n"sv, "\r"sv, ":c\n"sv}, 5) ==
        9331);
}

TEST_CASE("every short run of bytes in a value is decoded as the Encoding standard says") {
  CHECK(check_all({"\xE2"sv, "\x82"sv, "\xAC"sv, "\xF0"sv, "\x9F"sv, "\xED"sv, "\xA0"sv, "\xC3"sv,
                   "\xF4"sv, "\xFF"sv, "\n"sv, "a"sv},
                  3, "data:"sv, "\n\n"sv) == 1885);
}

TEST_CASE(
    "every short beginning with parts of a byte order mark agrees with the standard's own steps") {
  CHECK(check_all({"\xEF"sv, "\xBB"sv, "\xBF"sv, "data:a\n\n"sv, "\n"sv}, 5) == 3906);
}

TEST_CASE("short streams between long lines agree with the standard's own steps") {
  // Long enough for the search by blocks, which every split aligns differently.
  const std::string before = "id:" + std::string(61, 'i') + "\ndata:";
  const std::string after = "data:" + std::string(70, 'd') + "\n\n";
  CHECK(check_all({"data:"sv, "\n"sv, "\r"sv, "\xE2\x82\xAC"sv, "\t"sv, "\0"sv}, 3, before,
                  after) == 259);
}

TEST_CASE("every short stream around its limits agrees with the reference that keeps everything") {
  const regstream::sse::ParserLimits limits{
      .line_bytes_max = 7, .event_bytes_max = 5, .id_bytes_max = 3};
  CHECK(
      check_all({"data:"sv, "id:"sv, "event:"sv, ":"sv, "\n"sv, "\r"sv, "123"sv, "\0"sv, "\xFF"sv},
                4, {}, "\n\ndata:z\n\n"sv, limits) == 7381);
}

TEST_CASE("every short sequence of lines at and over their limits agrees with the reference") {
  const regstream::sse::ParserLimits limits{
      .line_bytes_max = 8, .event_bytes_max = 6, .id_bytes_max = 4};
  CHECK(check_all({"data:123\n"sv, "data:1234\r"sv, "data\n"sv, "id:1234\n"sv, "id:12345\r\n"sv,
                   "id:123456\0\n"sv, "event:123\n"sv, ":23456789\n"sv, "retry:123\n"sv, "\n"sv},
                  4, {}, "\ndata:z\n\n"sv, limits) == 11111);
}
