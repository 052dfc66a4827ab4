#include "client/http_url.hpp"

#include <charconv>
#include <cstdint>
#include <system_error>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "net/letter_case.hpp"

namespace regstream::client {
namespace {

constexpr std::string_view default_port = "80";

bool is_port(std::string_view digits) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size() && number > 0;
}

std::variant<HttpUrl, UrlProblem> take_apart(const boost::urls::url_view& url) {
  if (net::equals_ignoring_case(std::string_view(url.scheme()), "https")) {
    return UrlProblem{
        "TLS is not supported yet: give an http:// URL, of a local TLS proxy perhaps"};
  }
  if (!net::equals_ignoring_case(std::string_view(url.scheme()), "http")) {
    return UrlProblem{"only http:// URLs can be opened"};
  }
  if (url.has_userinfo()) {
    return UrlProblem{
        "a URL must not hold a user name or a password: send an Authorization header"};
  }
  if (url.encoded_host().empty()) {
    return UrlProblem{"the URL names no host"};
  }
  HttpUrl result;
  result.host = url.host_address();
  result.port = std::string(std::string_view(url.port()));
  if (result.port.empty()) {
    result.port = default_port;
  } else if (!is_port(result.port)) {
    return UrlProblem{"the URL's port is not between 1 and 65535"};
  }
  result.host_field = std::string(std::string_view(url.encoded_host()));
  if (result.port != default_port) {
    result.host_field += ":" + result.port;
  }
  result.target = std::string(std::string_view(url.encoded_target()));
  if (!result.target.starts_with('/')) {
    result.target.insert(result.target.begin(), '/');
  }
  return result;
}

/// Remove Dot Segments of an absolute path (RFC 3986, 5.2.4).
std::string without_dots(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash that begins a segment.
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    const bool is_last = path.empty();
    if (segment == "..") {
      result.resize(result.empty() ? 0 : result.rfind('/'));
    }
    if (segment != "." && segment != "..") {
      result.append("/").append(segment);
    } else if (is_last) {
      result.append("/");
    }
  }
  return result;
}

}  // namespace

std::string HttpUrl::shown() const {
  return "http://" + host_field + target.substr(0, target.find('?'));
}

std::variant<HttpUrl, UrlProblem> parse_http_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (parsed.has_error()) {
    return UrlProblem{"this is no absolute URL such as http://127.0.0.1:8080/stream"};
  }
  return take_apart(parsed.value());
}

std::variant<HttpUrl, UrlProblem> resolve_location(const HttpUrl& base, std::string_view location) {
  const auto parsed = boost::urls::parse_uri_reference(location);
  if (parsed.has_error() || location.empty()) {
    return UrlProblem{"its Location is no URL"};
  }
  // By hand (RFC 3986, 5.2.2): the sizes in a URL that Boost 1.81 has resolved are wrong, and it
  // asserts them.
  const boost::urls::url_view reference = parsed.value();
  if (reference.has_scheme()) {
    return take_apart(reference);
  }
  if (reference.has_authority()) {
    return parse_http_url("http:" + std::string(location));
  }
  const std::string base_path = base.target.substr(0, base.target.find('?'));
  std::string path(std::string_view(reference.encoded_path()));
  std::string target;
  if (path.empty()) {
    target = reference.has_query() ? base_path : base.target;
  } else if (path.starts_with('/')) {
    target = without_dots(path);
  } else {
    target = without_dots(base_path.substr(0, base_path.rfind('/') + 1) + path);
  }
  if (reference.has_query()) {
    target.append("?").append(std::string_view(reference.encoded_query()));
  }
  return parse_http_url("http://" + base.host_field + target);
}

bool is_same_origin(const HttpUrl& left, const HttpUrl& right) {
  return left.port == right.port && net::equals_ignoring_case(left.host, right.host);
}

}  // namespace regstream::client
