#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/exchange.hpp"
#include "net/host_port.hpp"
#include "net/problem.hpp"

/// Keeps other web sites from reaching this server through a visitor's browser. A loopback address
/// doesn't keep browsers out, so two ways must be closed:
/// - DNS rebinding: a site lets its own name resolve to this server's address, and its pages are
///   same-origin here. The browser sends that name in Host, so only known names are answered;
/// - simple requests: a form, sendBeacon or a no-cors fetch sends a request from any site, with the
///   user's cookies and without a preflight. The browser says where it comes from, so only this
///   server's own pages may change something, or load what is here. Other sites may link to a page.
namespace regstream::net {

/// The hosts that requests may name: every IP address, `localhost`, `*.localhost`, and the names
/// given here.
class AllowedHosts {
 public:
  AllowedHosts() = default;
  /// A name without a port is allowed with every port.
  explicit AllowedHosts(std::vector<HostPort> names) : names_(std::move(names)) {}

  [[nodiscard]] bool allow(const HostPort& asked) const;

 private:
  std::vector<HostPort> names_;
};

/// The refusal of a request with this head; nothing if it may be answered. The head must have
/// passed `check_request_head`.
///
/// 421: its host, from `target_authority` (absolute form) or else from Host, is malformed or not in
/// `allowed`. An HTTP/1.0 request without a Host passes, because no browser sends one.
///
/// 403: a browser says that another site's page sent it: `Sec-Fetch-Site` is neither `same-origin`
/// nor `none` (W3C Fetch Metadata), or, where that is not sent, `Origin` (RFC 6454, 7) is not this
/// host. A request with neither is from no browser. These pass:
/// - OPTIONS, by which a browser asks first;
/// - GET and HEAD where only `Origin` is sent, as a browser lets no page read the answer; and where
///   the answer becomes the page of a whole tab (`Sec-Fetch-Mode: navigate`, `Sec-Fetch-Dest:
///   document`), as a link's does. All else would take a stream's place from the cookie's user;
/// - one with `has_allowed_origin` (`Cors`).
[[nodiscard]] std::optional<Problem> check_request_origin(
    const Request& head, const std::optional<std::string>& target_authority,
    const AllowedHosts& allowed, bool has_allowed_origin = false);

}  // namespace regstream::net
