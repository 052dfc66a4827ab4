#include <string>
#include <string_view>
#include <utility>

#include <boost/url/parse.hpp>
#include <catch2/catch.hpp>

#include "net/percent_encoding.hpp"

using regstream::net::encode_path_and_query;

TEST_CASE("What browsers and curl write in a path and a query is encoded for RFC 3986") {
  const auto [written, encoded] = GENERATE(table<std::string, std::string>({
      {"/a?b=c&d#", "/a?b=c&d%23"},  // Who may have a fragment takes it off before.
      {"/[x]", "/%5Bx%5D"},
      {"/a|b{c}^`", "/a%7Cb%7Bc%7D%5E%60"},
      {"/a?x=[1]|{2}^`", "/a?x=%5B1%5D%7C%7B2%7D%5E%60"},
      {"/a b\"<>", "/a%20b%22%3C%3E"},
      {"/a?b c\"<>", "/a?b%20c%22%3C%3E"},
      {"/a\\b?c\\d", "/a%5Cb?c%5Cd"},
      {"/it's?it's", "/it's?it%27s"},
      {"/?a?b/c", "/?a?b/c"},
      {"/\xc3\xa4?\xff", "/%C3%A4?%FF"},
      {"/\x01\x7f", "/%01%7F"},
      {"/%", "/%25"},
      {"/%4", "/%254"},
      {"/%zz?%4g%", "/%25zz?%254g%25"},
      {"/%%20", "/%25%20"},
      {"/%2f%2F%00", "/%2f%2F%00"},
      {"/-._~!$&()*+,;=:@09azAZ?-._~!$&()*+,;=:@/?", "/-._~!$&()*+,;=:@09azAZ?-._~!$&()*+,;=:@/?"},
      {"", ""},
  }));
  CHECK(encode_path_and_query(written) == encoded);
  CHECK(encode_path_and_query(encoded) == encoded);
}

TEST_CASE("Boost.URL reads every encoded byte and decodes it to the original") {
  for (int value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    INFO(value);
    const std::string encoded = encode_path_and_query(std::string("/a") + byte + "b?c" + byte);
    const auto url = boost::urls::parse_origin_form(encoded);
    REQUIRE(url.has_value());
    if (byte != '?' && byte != '/') {
      CHECK(url->path() == std::string("/a") + byte + "b");
      CHECK(url->query() == std::string("c") + byte);
    }
  }
}
