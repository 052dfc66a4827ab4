#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "net/host_port.hpp"

using regstream::net::parse_host_port;

TEST_CASE("A host and a port are read in one canonical form") {
  const auto [text, host, is_address, port] =
      GENERATE(table<std::string, std::string, bool, std::optional<std::uint16_t>>({
          {"127.0.0.1", "127.0.0.1", true, std::nullopt},
          {"10.0.0.1:8080", "10.0.0.1", true, 8080},
          {"[::1]", "[::1]", true, std::nullopt},
          {"[0:0::0:1]:80", "[::1]", true, 80},
          {"[FE80::A]", "[fe80::a]", true, std::nullopt},
          {"LocalHost", "localhost", false, std::nullopt},
          {"localhost.:80", "localhost", false, 80},
          {"a_b-c.Example.COM.", "a_b-c.example.com", false, std::nullopt},
          {"name:", "name", false, std::nullopt},
          {"name:65535", "name", false, 65535},
          // Names to us: no browser sends an address in such a form.
          {"127.1", "127.1", false, std::nullopt},
          {"0x7f000001", "0x7f000001", false, std::nullopt},
          {"127.0.0.1.example.org", "127.0.0.1.example.org", false, std::nullopt},
      }));
  INFO(text);
  const auto parsed = parse_host_port(text);
  REQUIRE(parsed);
  CHECK(parsed->host == host);
  CHECK(parsed->is_address == is_address);
  CHECK(parsed->port == port);
}

TEST_CASE("A malformed host and port is refused") {
  const std::string text = GENERATE(
      as<std::string>{}, "", ".", ":80", "a b", " a", "a ", "a,b", "a/b", "a\\b", "a?b", "a#b",
      "a@b", "a:b", "a:80:80", "a:-1", "a:+1", "a:65536", "a:8 0", "a..b", ".a", "a%41", "%61",
      "::1", "[::1", "::1]", "[]", "[::1]a", "[::1]a:80", "[::1]80", "[::1%25eth0]", "[v1.a]",
      "[127.0.0.1]", "[a]", "\xc3\xa4.de", "http://a", std::string(254, 'a'));
  INFO(text);
  CHECK_FALSE(parse_host_port(text));
}
