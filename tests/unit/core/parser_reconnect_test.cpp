#include <catch2/catch.hpp>

#include "parser_log.hpp"

using regstream::Duration;
using regstream::sse::Parser;
using regstream::test::log_of;

TEST_CASE("the last event ID and the reconnection time survive a new connection") {
  Parser parser;
  CHECK(log_of(parser, {"retry: 5\nid: 1\ndata: a\n\n"}) ==
        "retry 5\nevent message \"a\" id \"1\"\n");
  parser.begin_connection();
  CHECK(parser.last_event_id() == "1");
  CHECK(parser.retry() == Duration{5});
  CHECK(log_of(parser, {"data: b\n\n"}) == "event message \"b\" id \"1\"\n");
}

TEST_CASE("nothing of an unfinished event reaches the next connection") {
  Parser parser;
  CHECK(log_of(parser, {"id: 1\n\n", "id: 2\nevent: x\ndata: lost\ndata: half a li"}) == "");
  parser.begin_connection();
  CHECK(log_of(parser, {"\n\n"}) == "");
  CHECK(parser.last_event_id() == "1");
  CHECK(log_of(parser, {"data: a\n\n"}) == "event message \"a\" id \"1\"\n");
}

TEST_CASE("a CR at the end of one connection swallows nothing of the next") {
  Parser parser;
  CHECK(log_of(parser, {"data: a\r"}) == "");
  parser.begin_connection();
  CHECK(log_of(parser, {"\ndata: b\n\n"}) == "event message \"b\" id \"\"\n");
}

TEST_CASE("every connection may begin with a byte order mark") {
  Parser parser;
  CHECK(log_of(parser, {"\xEF\xBB"}) == "");
  parser.begin_connection();
  CHECK(log_of(parser, {"\xEF\xBB\xBF", "data: a\n\n"}) == "event message \"a\" id \"\"\n");
  parser.begin_connection();
  CHECK(log_of(parser, {"\xEF\xBB\xBF"
                        "data: b\n\n"}) == "event message \"b\" id \"\"\n");
}

TEST_CASE("a parser can start from an earlier stream's last event ID") {
  Parser parser{{}, "1702493000000-7"};
  CHECK(parser.last_event_id() == "1702493000000-7");
  CHECK(log_of(parser, {"data: a\n\n"}) == "event message \"a\" id \"1702493000000-7\"\n");
}
