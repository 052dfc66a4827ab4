#include <string>

#include <catch2/catch.hpp>

#include "net/target.hpp"

using namespace regstream::net;

TEST_CASE("A target is taken apart and percent-decoded") {
  const auto target = parse_target("/mobile%20banking/42?status=PENDING&q=a%26b&flag&empty=");
  REQUIRE(target);
  CHECK(target->path == "/mobile banking/42");
  CHECK(target->query == std::multimap<std::string, std::string, std::less<>>{
                             {"status", "PENDING"}, {"q", "a&b"}, {"flag", ""}, {"empty", ""}});
}

TEST_CASE("A parameter given twice is there twice") {
  const auto target = parse_target("/x?id=1&id=2");
  REQUIRE(target);
  CHECK(target->query.count("id") == 2);
}

TEST_CASE("The absolute form is understood, as servers must") {
  const auto target = parse_target("http://example.org/a?b=c");
  REQUIRE(target);
  CHECK(target->path == "/a");
  CHECK(target->query.count("b") == 1);
  CHECK(parse_target("http://example.org")->path == "/");
}

TEST_CASE("What is no target is refused") {
  const std::string text =
      GENERATE(as<std::string>{}, "", "*", "a", "/%", "/%4", "/%zz", "/a b", "/a?x=%", "/a?x=%g0",
               "/%00", "/a?x=%00", "/a?%00=x", "/\xc3\xa4", "/a#b", "example.org:443", "mailto:x");
  INFO(text);
  CHECK_FALSE(parse_target(text));
}
