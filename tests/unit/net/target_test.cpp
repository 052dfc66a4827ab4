#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "net/target.hpp"

using namespace regstream::net;

namespace {

using Segments = std::vector<std::string>;
using Query = std::multimap<std::string, std::string, std::less<>>;

Segments segments_of(std::string_view target) {
  return parse_target(target).value().segments;
}

Query query_of(std::string_view target) {
  return parse_target(target).value().query;
}

}  // namespace

TEST_CASE("A target is split and percent-decoded") {
  const auto target = parse_target("/mobile%20banking/42?status=PENDING&q=a%26b&flag&empty=");
  REQUIRE(target);
  CHECK(target->segments == Segments{"mobile banking", "42"});
  CHECK(target->query == Query{{"status", "PENDING"}, {"q", "a&b"}, {"flag", ""}, {"empty", ""}});
  CHECK_FALSE(target->authority);
}

TEST_CASE("A repeated parameter is there twice and a plus is a blank") {
  CHECK(query_of("/x?id=1&id=2").count("id") == 2);
  CHECK(query_of("/x?a+b=c+d%2B") == Query{{"a b", "c d+"}});
}

TEST_CASE("A path is split at its slashes before it is decoded") {
  CHECK(segments_of("/") == Segments{""});
  CHECK(segments_of("/a/") == Segments{"a", ""});
  CHECK(segments_of("//a//b") == Segments{"", "a", "", "b"});
  CHECK(segments_of("/a%2Fb/%2f") == Segments{"a/b", "/"});
  CHECK(segments_of("/%2e%2e%2fa/../.") == Segments{"../a", "..", "."});
  CHECK(segments_of("/a%252Fb") == Segments{"a%2Fb"});
  CHECK(segments_of("/a?b/c") == Segments{"a"});
  CHECK(segments_of("/a:b@c;d") == Segments{"a:b@c;d"});
}

TEST_CASE("What browsers and curl send is read even if RFC 3986 forbids it") {
  CHECK(segments_of("/[a]|{b}^`\"<>") == Segments{"[a]|{b}^`\"<>"});
  CHECK(segments_of("/\xc3\xa4/\xff") == Segments{"\xc3\xa4", "\xff"});
  CHECK(query_of("/?q=[1]|{2}^`\"<>&'=\xc3\xa4") ==
        Query{{"q", "[1]|{2}^`\"<>"}, {"'", "\xc3\xa4"}});
  // A backslash is data: to a proxy it is no slash either.
  CHECK(segments_of("/a\\..\\b") == Segments{"a\\..\\b"});
  CHECK(query_of("/?a\\b=\\") == Query{{"a\\b", "\\"}});
  // A percent sequence that is none is text.
  CHECK(segments_of("/%/%4/%zz/100%") == Segments{"%", "%4", "%zz", "100%"});
  CHECK(query_of("/?x=%&y=%g0&%=50%25") == Query{{"x", "%"}, {"y", "%g0"}, {"%", "50%"}});
}

TEST_CASE("The absolute form is understood") {
  const auto target = parse_target("http://example.org:81/a%2Fb?b=[c]");
  REQUIRE(target);
  CHECK(target->authority == "example.org:81");
  CHECK(target->segments == Segments{"a/b"});
  CHECK(target->query == Query{{"b", "[c]"}});
  CHECK(parse_target("HTTPS://example.org")->segments == Segments{""});
  CHECK(parse_target("http://example.org?x")->query.count("x") == 1);
  CHECK(parse_target("http://user@[::1]:80/")->authority == "user@[::1]:80");
  // Judging it is for whoever knows the allowed hosts.
  CHECK(parse_target("http://127.0.0.1\\.example.org/")->authority == "127.0.0.1\\.example.org");
  CHECK(parse_target("http:///a")->authority == "");
}

TEST_CASE("A malformed target is refused") {
  const std::string text = GENERATE(as<std::string>{}, "", "*", "a", "\\a", "/%00", "/a?x=%00",
                                    "/a?%00=x", "/a#b", "/a?b#c", "http://a#b", "example.org:443",
                                    "mailto:x", "ftp://example.org/", "http:/a", "?a", " /");
  INFO(text);
  CHECK_FALSE(parse_target(text));
}

TEST_CASE("The parts of a target have a maximum") {
  const auto repeated = [](int count, const char* part) {
    std::string text;
    for (int index = 0; index < count; ++index) {
      text += part;
    }
    return text;
  };
  CHECK(parse_target(repeated(64, "/a")));
  CHECK_FALSE(parse_target(repeated(65, "/a")));
  CHECK_FALSE(parse_target(repeated(65, "/")));
  CHECK(parse_target("/?" + repeated(255, "a&")));
  CHECK_FALSE(parse_target("/?" + repeated(256, "a&")));
}
