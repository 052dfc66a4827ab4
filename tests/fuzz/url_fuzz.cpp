#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

#include "check.hpp"
#include "client/http_url.hpp"
#include "input.hpp"

// URLs: what a user gives, and where a server sends the client next. The input's first line is a
// URL, the rest a Location that is read against it.

namespace regstream::fuzz {
namespace {

using client::HttpUrl;
using client::UrlProblem;

/// That `text` can stand in a request's head without ending its line or its part of it.
bool is_harmless(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return byte > ' ' && byte < 0x7F; });
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

  const auto again = client::parse_http_url("http://" + url.host_field + url.target);
  const auto* same = std::get_if<HttpUrl>(&again);
  check(same != nullptr && same->host == url.host && same->host_field == url.host_field &&
            same->target == url.target && client::is_same_origin(*same, url),
        "a URL that is put together again is the same");
}

}  // namespace
}  // namespace regstream::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace regstream;
  fuzz::Input input{data, size};
  const fuzz::ExactCopy text{input.until('\n')};
  const fuzz::ExactCopy location{input.rest()};
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
  }
  return 0;
}
