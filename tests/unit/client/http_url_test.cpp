#include <string>
#include <string_view>
#include <variant>

#include <catch2/catch.hpp>

#include "client/http_url.hpp"

using namespace regstream::client;

namespace {

std::string sent(const std::variant<HttpUrl, UrlProblem>& result) {
  const auto* const url = std::get_if<HttpUrl>(&result);
  return url == nullptr ? std::string("none") : url->host_field + url->target;
}

HttpUrl url(std::string_view text) {
  return std::get<HttpUrl>(parse_http_url(text));
}

}  // namespace

TEST_CASE("a URL is split for the resolver and for the request") {
  CHECK(url("http://example.com").target == "/");
  CHECK(url("http://example.com").port == "80");
  CHECK(url("http://example.com:80/").host_field == "example.com");
  CHECK(url("HTTP://example.com:8080?a=b#c").target == "/?a=b");
  CHECK(url("http://example.com:8080/").host_field == "example.com:8080");
  CHECK(url("http://[::1]:8080/").host == "::1");
  CHECK(url("http://[::1]:8080/").host_field == "[::1]:8080");
  CHECK(url("http://example.com/a?token=secret").shown() == "http://example.com/a");
  CHECK(url("https://example.com/a").port == "443");
  CHECK(url("https://example.com:443/a").host_field == "example.com");
  CHECK(url("https://example.com:80/a").shown() == "https://example.com:80/a");
}

TEST_CASE("a URL is read as browsers and curl do") {
  const auto [written, expected] = GENERATE(table<std::string, std::string>({
      {"http://h/a?x=[1]|{2}^`", "h/a?x=%5B1%5D%7C%7B2%7D%5E%60"},
      {"http://h/[a]|b c\"<>{}^`", "h/%5Ba%5D%7Cb%20c%22%3C%3E%7B%7D%5E%60"},
      {"http://h/a?b c\"<>'", "h/a?b%20c%22%3C%3E%27"},
      {"http://h/\xc3\xa4?\xc3\xa4", "h/%C3%A4?%C3%A4"},
      {"http://h/100%?50%&%zz&%20", "h/100%25?50%25&%25zz&%20"},
      {"http://h/a?b?c/d", "h/a?b?c/d"},
      {"http://h/a?", "h/a?"},
      {"http://h/a#b c[%", "h/a"},
      {"http://h#?a", "h/"},
      {"  http://h/a \n", "h/a"},
      {"ht\ttp://h/a\r\nb", "h/ab"},
      {"http:\\\\h\\a\\b?c\\d", "h/a/b?c%5Cd"},
      {"http:h/a", "h/a"},
      {"http:/h/a", "h/a"},
      {"http:////h/a", "h/a"},
      {"http://h/a/./b/../c", "h/a/c"},
      {"http://h/a/%2e/b/.%2E/%2e%2e/c", "h/c"},
      {"http://h/..", "h/"},
      {"http://h/%2f..", "h/%2f.."},
      {"http://h//a//", "h//a//"},
      {"http://h/...", "h/..."},
      {"http://EXAMPLE.com/A", "example.com/A"},
      {"http://example.com./", "example.com./"},
      {"http://h:0080/", "h/"},
      {"http://h:/", "h/"},
      {"http://127.1/", "127.0.0.1/"},
      {"http://0x7f.1:8080/", "127.0.0.1:8080/"},
      {"http://2130706433", "127.0.0.1/"},
      {"http://127.0.0.1./", "127.0.0.1/"},
      {"http://1.2.3.4.a/", "1.2.3.4.a/"},
  }));
  CAPTURE(written);
  CHECK(sent(parse_http_url(written)) == expected);
}

TEST_CASE("a URL that this client can't open is refused in words") {
  const auto [text, words] = GENERATE(table<std::string, std::string>({
      {"ftp://example.com/", "only https:// and http://"},
      {"mailto:a@b", "only https:// and http://"},
      {"example.com/stream", "not an absolute URL"},
      {"//example.com/stream", "not an absolute URL"},
      {"", "not an absolute URL"},
      {"http://", "no host"},
      {"http:///", "no host"},
      {"http://:80/", "no host"},
      {"http://?a", "no host"},
      {"http://example.com:99999/", "port"},
      {"http://example.com:0/", "port"},
      {"http://example.com:80x/", "port"},
      {"http://user:secret@example.com/", "Authorization"},
      {"http://a b/", "host"},
      {"http://a%20b/", "host"},
      {"http://a%2Fb/", "host"},
      {"http://a|b/", "host"},
      {"http://\xc3\xa4.de/", "host"},
      {"http://%C3%A4.de/", "xn--"},
      {"http://h%61/", "host"},
      {"http://256.256.256.256/", "host"},
      {"http://1.2.3.4.5/", "host"},
      {"http://[::1/", "host"},
      {"http://[v1.a]/", "host"},
  }));
  CAPTURE(text);
  const auto parsed = parse_http_url(text);
  REQUIRE(std::holds_alternative<UrlProblem>(parsed));
  CHECK_THAT(std::get<UrlProblem>(parsed).what, Catch::Contains(words));
  CHECK_THAT(std::get<UrlProblem>(parsed).what, !Catch::Contains("secret"));
}

TEST_CASE("a Location is resolved against the URL of its response") {
  const HttpUrl base = url("http://a:81/b/c/d;p?q");
  const auto [location, expected] = GENERATE(table<std::string, std::string>({
      // RFC 3986, 5.4.
      {"g", "a:81/b/c/g"},
      {"./g/", "a:81/b/c/g/"},
      {"/g?y#s", "a:81/g?y"},
      {"//g/h", "g/h"},
      {"?y", "a:81/b/c/d;p?y"},
      {"#s", "a:81/b/c/d;p?q"},
      {".", "a:81/b/c/"},
      {"..", "a:81/b/"},
      {"../..", "a:81/"},
      {"../../../g", "a:81/g"},
      {"/./g/../h", "a:81/h"},
      {"g..", "a:81/b/c/g.."},
      {"http://x/y%20z?w", "x/y%20z?w"},
      {"", "none"},
      {"mailto:a@b", "none"},
      {"https://x/", "x/"},
      {"https:x/y", "x/y"},
      // As browsers read them (WHATWG URL).
      {"a b", "a:81/b/c/a%20b"},
      {"/x?a=[1]|{2}", "a:81/x?a=%5B1%5D%7C%7B2%7D"},
      {"/\xc3\xa4?100%", "a:81/%C3%A4?100%25"},
      {"\\g\\h?i\\j", "a:81/g/h?i%5Cj"},
      {"\\\\g\\h", "g/h"},
      {"///g/h", "g/h"},
      {"http:g", "a:81/b/c/g"},
      {"http:/g", "a:81/g"},
      {"HTTP:\\\\g", "g/"},
      {"%2e%2e/g", "a:81/b/g"},
      {"1:2", "a:81/b/c/1:2"},
      {"g?h:i", "a:81/b/c/g?h:i"},
      {"?", "a:81/b/c/d;p?"},
      {" /g\t", "a:81/g"},
      {"//", "none"},
      {"//g:x/", "none"},
  }));
  CAPTURE(location);
  CHECK(sent(resolve_location(base, location)) == expected);
}

TEST_CASE("a Location may lead from http to https and never back") {
  const auto place = [](const char* base, std::string_view location) {
    const auto resolved = resolve_location(url(base), location);
    const auto* const found = std::get_if<HttpUrl>(&resolved);
    return found == nullptr ? std::get<UrlProblem>(resolved).what : found->shown();
  };
  CHECK(place("http://a/b", "https://a/c") == "https://a/c");
  CHECK(place("http://a:81/b", "https://a/c") == "https://a/c");
  CHECK(place("https://a/b", "c") == "https://a/c");
  CHECK(place("https://a/b", "//c/d") == "https://c/d");
  CHECK(place("https://a/b", "https:c") == "https://a/c");
  CHECK_THAT(place("https://a/b", "http://a/b"), Catch::Contains("from https to http"));
  CHECK_THAT(place("https://a/b", "http:b"), Catch::Contains("from https to http"));
}

TEST_CASE("origins are equal by scheme and host and port") {
  const auto same = [](std::string_view left, std::string_view right) {
    return is_same_origin(url(left), url(right));
  };
  CHECK(same("http://example.com/a", "http://EXAMPLE.com:80/b"));
  CHECK_FALSE(same("http://example.com/", "http://example.com:8080/"));
  CHECK_FALSE(same("http://example.com/", "http://www.example.com/"));
  CHECK_FALSE(same("http://example.com/", "https://example.com/"));
  CHECK_FALSE(same("http://example.com:443/", "https://example.com/"));
  CHECK(same("https://example.com:443/", "https://example.com/"));
}
