#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

#include <boost/url/parse.hpp>

#include "check.hpp"
#include "client/http_url.hpp"
#include "input.hpp"
#include "net/percent_encoding.hpp"
#include "net/target.hpp"

// URLs from users, redirects from servers, and request targets from clients. The input's first line
// is used as a URL and as a request target; the rest is a Location that is resolved against the
// URL.

namespace regstream::fuzz {
namespace {

using client::HttpUrl;
using client::UrlProblem;

/// Checks that `text` can be a part of a request's head, and ends neither its line nor its part.
bool is_harmless(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return byte > ' ' && byte < 0x7F; });
}

std::size_t count(std::string_view text, char byte) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), byte));
}

void check_url(const HttpUrl& url) {
  check(!url.host.empty(), "a URL has a host");
  std::uint32_t port = 0;
  const char* const end = url.port.data() + url.port.size();
  const auto [read, error] = std::from_chars(url.port.data(), end, port);
  check(error == std::errc{} && read == end && port >= 1 && port <= 65535, "a URL has a port");
  check(is_harmless(url.host_field) && !url.host_field.empty(), "nothing breaks out of Host");
  check(is_harmless(url.target) && url.target.starts_with('/'),
        "nothing breaks out of the request line");
  check(url.target.find('#') == std::string::npos, "a fragment is not sent");
  check(url.shown().find('?') == std::string::npos, "a query is not shown");

  const auto again = client::parse_http_url((url.is_secure ? "https://" : "http://") +
                                            url.host_field + url.target);
  const auto* same = std::get_if<HttpUrl>(&again);
  check(same != nullptr && same->host == url.host && same->host_field == url.host_field &&
            same->target == url.target && client::is_same_origin(*same, url),
        "a URL that is put together again is the same");
}

void check_encoding(std::string_view text) {
  const std::string encoded = net::encode_path_and_query(text);
  check(is_harmless(encoded), "what is encoded breaks out of nothing");
  check(net::encode_path_and_query(encoded) == encoded, "encoding twice changes nothing");
  check(boost::urls::parse_origin_form("/" + encoded).has_value(), "Boost reads what is encoded");
  check(count(encoded, '/') == count(text, '/'), "encoding makes no slash, and takes none");
}

void check_target(std::string_view text) {
  const auto target = net::parse_target(text);
  if (!target) {
    return;
  }
  check(!target->segments.empty(), "a target has a segment");
  check(!target->authority || target->authority->find('/') == std::string::npos,
        "an authority ends before the path");
  const std::string_view path = text.substr(0, text.find('?'));
  check(target->authority || target->segments.size() == count(path, '/'),
        "a path has a segment for each slash that is not encoded");
}

}  // namespace
}  // namespace regstream::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace regstream;
  fuzz::Input input{data, size};
  const fuzz::ExactCopy text{input.until('\n')};
  const fuzz::ExactCopy location{input.rest()};
  fuzz::check_encoding(text.view());
  fuzz::check_encoding(location.view());
  fuzz::check_target(text.view());
  const auto parsed = client::parse_http_url(text.view());
  const auto* url = std::get_if<client::HttpUrl>(&parsed);
  if (url == nullptr) {
    fuzz::check(!std::get<client::UrlProblem>(parsed).what.empty(), "a problem says what it is");
    return 0;
  }
  fuzz::check_url(*url);
  const auto resolved = client::resolve_location(*url, location.view());
  if (const auto* next = std::get_if<client::HttpUrl>(&resolved)) {
    fuzz::check_url(*next);
    fuzz::check(next->is_secure || !url->is_secure, "nothing leads from https to http");
  }
  return 0;
}
