#include <optional>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

#include "broker/redis_url.hpp"

using Catch::Contains;
using regstream::broker::parse_redis_url;
using regstream::broker::RedisUrl;

namespace {

RedisUrl parse(const std::string& text) {
  return parse_redis_url("REDIS_URL", text);
}

std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a redis URL is taken apart") {
  struct Case {
    std::string text;
    bool is_secure;
    std::string address;
    std::optional<std::string> username;
    std::optional<std::string> password;
  };
  const auto wanted = GENERATE(values<Case>({
      {"redis://host", false, "host:6379", {}, {}},
      {"rediss://host", true, "host:6379", {}, {}},
      {"REDISS://Host:7000", true, "Host:7000", {}, {}},
      {"redis://host:", false, "host:6379", {}, {}},
      {"redis://host/", false, "host:6379", {}, {}},
      {"redis://host/0", false, "host:6379", {}, {}},
      {"redis://10.0.0.1:6380", false, "10.0.0.1:6380", {}, {}},
      {"redis://[::1]", false, "[::1]:6379", {}, {}},
      {"rediss://[fd00::1]:6380/0", true, "[fd00::1]:6380", {}, {}},
      {"redis://redis_cache.svc", false, "redis_cache.svc:6379", {}, {}},
      {"redis://:s3cret@host", false, "host:6379", {}, "s3cret"},
      {"redis://app@host", false, "host:6379", "app", {}},
      {"redis://app:@host", false, "host:6379", "app", {}},
      {"redis://@host", false, "host:6379", {}, {}},
      {"redis://app:s3cret@host:1", false, "host:1", "app", "s3cret"},
      {"redis://a%3Ap%70:s%23c%2Fr%40e%25t+%20@host", false, "host:6379", "a:pp", "s#c/r@e%t+ "},
      {"redis://app:a:b@host", false, "host:6379", "app", "a:b"},
      {"redis://app:%C3%A9@host", false, "host:6379", "app", "\u00e9"},
  }));
  CAPTURE(wanted.text);
  const RedisUrl url = parse(wanted.text);
  CHECK(url.is_secure == wanted.is_secure);
  CHECK(to_string(url.address) == wanted.address);
  CHECK(url.username == wanted.username);
  CHECK(url.password == wanted.password);
}

TEST_CASE("a URL that makes no sense is refused with what to do and nothing of it is shown") {
  struct Case {
    std::string text;
    std::string part;
  };
  const auto [text, part] = GENERATE(values<Case>({
      {"s3cret", "is no URL: write"},
      {"redis:s3cret", "is no URL: write"},
      {"redis:/s3cret", "is no URL: write"},
      {"://s3cret", "is no URL: write"},
      {"redis://app:s3 cret@host", "is no URL: write"},
      {"redis://app:s3@cret@host", "is no URL: write"},
      {"redis://app:s3%cret@host", "is no URL: write"},
      {"redis://app:s3cret%@host", "is no URL: write"},
      {"redis://app:s3cret\xc3\xa9@host", "is no URL: write"},
      {"redis://app:s3cret\x1b[2J@host", "is no URL: write"},
      {"redis://[::1:s3cret", "is no URL: write"},
      {"redis://[s3cret]", "is no URL: write"},
      {"redis://app:s3cret", "is no URL: write"},
      {"redis://s3cret#host", "has a '#'"},
      {"redis://app:12#s3cret@host", "has a '#'"},
      {"redis://app:12/s3cret@host", "names a database"},
      {"redis://app:12?s3cret@host", "has parameters"},
      {"redis://app:s3cret@", "names no host"},
      {"redis://:s3cret@:6379", "names no host"},
      {"redis://", "names no host"},
      {"redis:///0", "names no host"},
      {"redis://s3c%72et", "names no host"},
      {"redis://[v1.s3cret]", "names no host"},
      {"http://app:s3cret@host", "begins with redis://"},
      {"redis+s3cret://host", "begins with redis://"},
      {"unix:///s3cret.sock", "begins with redis://"},
      {"redis://app:s3cret@host:0", "port must be"},
      {"redis://app:s3cret@host:65536", "port must be"},
      {"redis://app:s3cret@host:99999999999999999999", "port must be"},
      {"redis://app:s3cret@host/1", "another channel"},
      {"redis://app:s3cret@host/00", "another channel"},
      {"redis://app:s3cret@host/0/", "another channel"},
      {"redis://app:s3cret@host//", "another channel"},
      {"redis://app:s3cret@host/?db=1", "has parameters"},
      {"redis://host?password=s3cret", "has parameters"},
      {"redis://host?", "has parameters"},
      {"redis://host/0#s3cret", "has a '#'"},
  }));
  CAPTURE(text);
  const auto error = error_of(text);
  CHECK_THAT(error, Catch::StartsWith("REDIS_URL: ") && Contains(part));
  CHECK_THAT(error, !Contains("s3c"));
}

TEST_CASE("reading a URL of any bytes ends and its password is not in the error") {
  // Each byte at each position of a URL, and each position removed.
  const std::string good = "rediss://app:s3cret@[::1]:6379/0";
  for (std::size_t place = 0; place <= good.size(); ++place) {
    for (int byte = -1; byte < 256; ++byte) {
      std::string text = good;
      if (byte < 0) {
        text.erase(place);
      } else {
        text.insert(place, 1, static_cast<char>(byte));
      }
      const auto error = error_of(text);
      if (error != "no error" &&
          (error.find("s3cret") != std::string::npos || error.size() > 400)) {
        FAIL("shows what it should not: " << error);
      }
    }
  }
}
