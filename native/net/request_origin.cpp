#include "net/request_origin.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace regstream::net {

namespace http = boost::beast::http;

namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

bool only_reads(http::verb method) {
  return method == http::verb::get || method == http::verb::head;
}

bool has_default_port(const HostPort& host) {
  return !host.port || *host.port == http_port || *host.port == https_port;
}

Problem misdirected(const std::string& detail) {
  return {.status = http::status::misdirected_request, .detail = detail};
}

std::optional<Problem> find_host_problem(std::string_view asked, const AllowedHosts& allowed) {
  const std::optional<HostPort> host = parse_host_port(asked);
  if (!host) {
    return misdirected(
        "The Host header is malformed: it must be a name or an IP address, with an optional port.");
  }
  if (!allowed.allow(*host)) {
    return misdirected("This server is not known as \"" + host->host +
                       "\": use its IP address or localhost, or start it with --allow-host " +
                       host->host +
                       ". A proxy in front of it must forward the client's Host header.");
  }
  return std::nullopt;
}

/// Whether a serialized origin (`https://name:port`, or `null`) is the requested server. A proxy
/// may have removed TLS, so the scheme only gives the default of both ports.
bool is_same_origin(std::string_view origin, std::string_view asked) {
  const bool is_https = origin.starts_with("https://");
  if (!is_https && !origin.starts_with("http://")) {
    return false;
  }
  const std::uint16_t default_port = is_https ? https_port : http_port;
  const auto sender = parse_host_port(origin.substr(origin.find("//") + 2));
  const auto server = parse_host_port(asked);
  return sender && server && sender->host == server->host &&
         sender->port.value_or(default_port) == server->port.value_or(default_port);
}

bool is_link(const Request& head) {
  return head["Sec-Fetch-Mode"] == "navigate" && head["Sec-Fetch-Dest"] == "document";
}

/// Whether a page of another site sent this request, and may not.
bool is_from_another_site(const Request& head, std::string_view asked) {
  constexpr std::string_view fetch_site = "Sec-Fetch-Site";
  if (const std::size_t count = head.count(fetch_site); count > 0) {
    const std::string_view site = head[fetch_site];
    const bool is_own = count == 1 && (site == "same-origin" || site == "none");
    return !is_own && !(only_reads(head.method()) && is_link(head));
  }
  if (only_reads(head.method())) {
    return false;
  }
  const std::size_t count = head.count(http::field::origin);
  return count > 1 || (count == 1 && !is_same_origin(head[http::field::origin], asked));
}

}  // namespace

bool AllowedHosts::allow(const HostPort& asked) const {
  if (asked.is_address || asked.host == "localhost" || asked.host.ends_with(".localhost")) {
    return true;
  }
  return std::any_of(names_.begin(), names_.end(), [&asked](const HostPort& name) {
    // A missing port means the scheme's default, and a TLS proxy hides which scheme that is.
    return name.host == asked.host &&
           (!name.port || name.port == asked.port || (!asked.port && has_default_port(name)));
  });
}

std::optional<Problem> check_request_origin(const Request& head,
                                            const std::optional<std::string>& target_authority,
                                            const AllowedHosts& allowed, bool has_allowed_origin) {
  const bool names_host = target_authority || head.count(http::field::host) == 1;
  const std::string_view asked = target_authority ? std::string_view(*target_authority)
                                                  : std::string_view(head[http::field::host]);
  if (names_host) {
    if (auto problem = find_host_problem(asked, allowed)) {
      return problem;
    }
  }
  if (!has_allowed_origin && head.method() != http::verb::options &&
      is_from_another_site(head, asked)) {
    return Problem{.status = http::status::forbidden,
                   .detail =
                       "A page of another site sent this request. Only this server's own pages "
                       "may, and pages of an origin given by --cors-origin. A proxy in front of it "
                       "must forward the browser's Host header, with its port."};
  }
  return std::nullopt;
}

}  // namespace regstream::net
