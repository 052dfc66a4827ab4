#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "parser_log.hpp"
#include "reference_parser.hpp"
#include "vector_file.hpp"

using regstream::test::Connection;
using regstream::test::find_split_that_differs;
using regstream::test::parse_vectors;
using regstream::test::ParserVector;
using regstream::test::reference_log;

TEST_CASE("the shared vectors hold at every split and agree with the standard's own steps") {
  static const auto vectors = regstream::test::read_vectors(REGSTREAM_VECTORS);
  for (const ParserVector& vector : vectors) {
    DYNAMIC_SECTION(vector.file << ":" << vector.line << ": " << vector.heading) {
      CHECK(find_split_that_differs(vector.connections, vector.limits, vector.last_event_id) == "");
      regstream::test::ReferenceState state{.last_event_id = vector.last_event_id, .retry = {}};
      for (const Connection& connection : vector.connections) {
        CHECK(reference_log(connection.stream, state, vector.limits) == connection.log);
      }
    }
  }
}

namespace {

/// The error of `parse_vectors` for a file with this text.
std::string complaint_about(const std::string& text) {
  try {
    return "none: " + std::to_string(parse_vectors(text, "a.md").size());
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

const std::string title = "# T\n";
const std::string vector_begin = "## V\nWhy.\n";
const std::string stream_block = "```stream\ndata\\n\n```\n";
const std::string log_block = "```log\nleft id \"\" retry none\n```\n";
const std::string whole = title + vector_begin + stream_block + log_block;

}  // namespace

TEST_CASE("a vector file is read as its README says") {
  const auto vectors = parse_vectors(
      "# T\n\nProse.\n\n## V\n\nWhy.\n\n- limits: id_bytes_max 7, line_bytes_max 8\n"
      "- last_event_id: a\\tb\n\n```stream\n\\xEF\\0é\\\\\\r\\n\nx\n```\n\n"
      "```log\nleft id \"\" retry none\n```\n\n```chromium\nleft id \"1\" retry none\n```\n\n"
      "```stream\n```\n\n```log\nleft id \"\" retry 7\n```\n",
      "a.md");
  REQUIRE(vectors.size() == 1);
  CHECK(vectors[0].file == "a.md");
  CHECK(vectors[0].line == 5);
  CHECK(vectors[0].heading == "V");
  CHECK(vectors[0].limits.id_bytes_max == 7);
  CHECK(vectors[0].limits.line_bytes_max == 8);
  CHECK(vectors[0].limits.event_bytes_max == regstream::sse::ParserLimits{}.event_bytes_max);
  CHECK(vectors[0].last_event_id == "a\tb");
  REQUIRE(vectors[0].connections.size() == 2);
  CHECK(vectors[0].connections[0].stream == std::string("\xEF\0é\\\r\nx", 8));
  CHECK(vectors[0].connections[0].log == "left id \"\" retry none\n");
  CHECK(vectors[0].connections[1].stream.empty());
  CHECK(vectors[0].connections[1].log == "left id \"\" retry 7\n");
}

TEST_CASE("a malformed vector file is refused with its line") {
  const auto refused = [](const std::string& text, const std::string& beginning) {
    CHECK_THAT(complaint_about(text), Catch::StartsWith(beginning));
  };
  CHECK(complaint_about(whole) == "none: 1");

  refused("", "a.md:0: no vectors");
  refused(title, "a.md:1: no vectors");
  refused(vector_begin, "a.md:1: a vector file begins with its title");
  refused(title + "# U\n", "a.md:2: a second title");
  refused(title + "### V\n", "a.md:2: a heading that is neither");
  refused(whole + vector_begin, "a.md:10: a second vector of this name");
  refused(whole + "## W\nWhy.\n", "a.md:10: this vector needs a stream block and a log block");
  refused(title + "## V\n" + stream_block + log_block, "a.md:2: this vector does not say why");
  refused(title + vector_begin + stream_block, "a.md:2: this vector needs");
  refused(title + vector_begin + stream_block + stream_block, "a.md:7: a block that does not");
  refused(title + vector_begin + log_block, "a.md:4: a block that does not");
  refused(title + stream_block, "a.md:2: a block before the first vector");
  refused(title + vector_begin + "```\n", "a.md:4: a block that does not");
  refused(title + vector_begin + "```chromium\n", "a.md:4: a chromium block");
  refused(title + vector_begin + "```stream\ndata\n", "a.md:4: this block is not closed");
  refused(title + vector_begin + stream_block + "```log\n```\n", "a.md:8: a log ends with");
  refused(whole + "x", "a.md:10: the last line has no end");

  for (const std::string_view line : {"\\q\\n", "\\x1g\\n", "\\x1", "\\xef\\n", "\\"}) {
    refused(title + vector_begin + "```stream\n\\n\n" + std::string{line} + "\n```\n",
            "a.md:6: not an escape");
  }
  refused(title + vector_begin + "```stream\ndata\n\\n\n```\n", "a.md:5: each line but the last");
  refused(title + vector_begin + "```stream\n\n```\n", "a.md:5: each line but the last");
  refused(title + "x\r\n", "a.md:2: a control character");
  refused(title + "x\ty\n", "a.md:2: a control character");
  for (const std::string_view hidden : {"\u0085", "\u2028", "\uFEFF", "\x7F"}) {
    refused(title + std::string{hidden} + "\n", "a.md:2: a control character");
  }
  refused(title + "x \n", "a.md:2: a space at the line's end");
  refused(title + "\xFF\n", "a.md:0: not UTF-8");

  refused(title + "- limits: id_bytes_max 1\n", "a.md:2: an attribute stands between");
  refused(whole + "- limits: id_bytes_max 1\n", "a.md:10: an attribute stands between");
  for (const std::string_view value : {"bytes_max 1", "id_bytes_max", "id_bytes_max x", ""}) {
    refused(title + vector_begin + "- limits: " + std::string{value} + "\n", "a.md:4: ");
  }
  refused(title + vector_begin + "- last_event_id: \\q\n", "a.md:4: not an id");
  refused(title + vector_begin + "- EventSource: not asked, because\n", "a.md:4: not an attribute");
  refused(title + vector_begin + "- limit: 1\n", "a.md:4: not an attribute");
  refused(title + vector_begin + "- last_event_id: 1\n- last_event_id: 1\n",
          "a.md:5: an attribute twice");
}

TEST_CASE("a folder without vector files is refused") {
  CHECK_THROWS(regstream::test::read_vectors(REGSTREAM_VECTORS "/no_such_folder"));
}
