#include "client/http_url.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <arpa/inet.h>

#include <boost/url/ipv4_address.hpp>

#include "client/url_text.hpp"
#include "net/host_port.hpp"
#include "net/letter_case.hpp"

namespace regstream::client {
namespace {

/// RFC 9110, 4.2.1 and 4.2.2.
std::string default_port(bool is_secure) {
  return is_secure ? "443" : "80";
}

/// For browsers and curl, "127.1" and "0x7f000001" are addresses, and so is every host whose last
/// label is a number (WHATWG URL, "ends in a number").
bool ends_in_number(std::string_view host) {
  const std::string_view label =
      host.substr(host.rfind('.') + 1);  // npos + 1 is 0: the whole host.
  const bool is_hexadecimal = label.starts_with("0x");
  return label.find_first_not_of(is_hexadecimal ? "0123456789abcdef" : "0123456789",
                                 is_hexadecimal ? 2 : 0) == std::string_view::npos;
}

/// The IPv4 address of such a host, in four decimal numbers; nothing if it is not one.
std::optional<std::string> read_ipv4_address(const std::string& host) {
  in_addr address{};
  if (inet_aton(host.c_str(), &address) == 0) {
    return std::nullopt;
  }
  return boost::urls::ipv4_address(ntohl(address.s_addr)).to_string();
}

/// `path` is empty or begins with a slash. Path and query are encoded.
std::variant<HttpUrl, UrlProblem> read_url(bool is_secure, std::string_view authority,
                                           std::string_view path, std::string_view query) {
  if (authority.find('@') != std::string_view::npos) {
    return UrlProblem{
        "a URL must not hold a user name or a password: send an Authorization header"};
  }
  if (authority.empty() || authority.starts_with(':')) {
    return UrlProblem{"the URL has no host"};
  }
  const auto parsed = net::parse_host_port(authority);
  if (!parsed || parsed->port == 0) {
    return UrlProblem{
        "the URL's host must be an address or a name in ASCII (xn--…), and its port must be from 1 "
        "to 65535"};
  }
  std::optional<std::string> host = parsed->host;
  if (!parsed->is_address && ends_in_number(*host)) {
    host = read_ipv4_address(*host);
  } else if (authority.substr(0, authority.find(':')).ends_with('.')) {
    host->append(".");  // The trailing dot tells a resolver not to try search domains.
  }
  if (!host) {
    return UrlProblem{"the URL's host ends in a number, but is not an IPv4 address"};
  }
  const std::string usual_port = default_port(is_secure);
  HttpUrl result;
  result.is_secure = is_secure;
  result.host = host->starts_with('[') ? host->substr(1, host->size() - 2) : *host;
  result.port = parsed->port ? std::to_string(*parsed->port) : usual_port;
  result.host_field = *host + (result.port == usual_port ? "" : ":" + result.port);
  result.target = remove_dot_segments(path);
  result.target.append(result.target.empty() ? "/" : "").append(query);
  return result;
}

std::optional<UrlProblem> find_scheme_problem(const UrlText& text) {
  return text.is_foreign()
             ? std::optional(UrlProblem{"only https:// and http:// URLs can be opened"})
             : std::nullopt;
}

}  // namespace

std::string HttpUrl::shown() const {
  return (is_secure ? "https://" : "http://") + host_field + target.substr(0, target.find('?'));
}

std::variant<HttpUrl, UrlProblem> parse_http_url(std::string_view text) {
  const UrlText url = split_url(text);
  if (auto problem = find_scheme_problem(url)) {
    return *std::move(problem);
  }
  if (url.scheme.empty()) {
    return UrlProblem{"this is not an absolute URL; give one such as http://127.0.0.1:8080/stream"};
  }
  return read_url(url.scheme == "https", *url.authority, url.path, url.query);
}

std::variant<HttpUrl, UrlProblem> resolve_location(const HttpUrl& base, std::string_view location) {
  if (location.empty()) {
    return UrlProblem{"it has no Location header"};
  }
  const UrlText reference = split_reference(location);
  if (auto problem = find_scheme_problem(reference)) {
    return *std::move(problem);
  }
  if (!reference.scheme.empty() && (reference.scheme == "https") != base.is_secure) {
    // A relative URL can begin with a scheme only if it is the base's ("special relative").
    return base.is_secure
               ? UrlProblem{"it leads from https to http, which anyone on the way can read"}
               : parse_http_url(location);
  }
  if (reference.authority) {
    return read_url(base.is_secure, *reference.authority, reference.path, reference.query);
  }
  const std::size_t path_bytes = std::min(base.target.find('?'), base.target.size());
  const std::string base_path = base.target.substr(0, path_bytes);
  const std::string base_query = base.target.substr(path_bytes);
  if (reference.path.empty()) {
    return read_url(base.is_secure, base.host_field, base_path,
                    reference.query.empty() ? base_query : reference.query);
  }
  const std::string folder =
      reference.path.starts_with('/') ? "" : base_path.substr(0, base_path.rfind('/') + 1);
  return read_url(base.is_secure, base.host_field, folder + reference.path, reference.query);
}

bool is_same_origin(const HttpUrl& left, const HttpUrl& right) {
  return left.is_secure == right.is_secure && left.port == right.port &&
         net::equals_ignoring_case(left.host, right.host);
}

}  // namespace regstream::client
