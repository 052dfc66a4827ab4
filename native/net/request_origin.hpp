#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/exchange.hpp"
#include "net/host_port.hpp"
#include "net/problem.hpp"

/// Keeps other web sites from using a browser that can reach this server. Two doors have to be
/// shut, as a loopback address is no boundary for a browser:
/// - a site's name that its DNS rebinds to this server's address makes its pages same-origin here.
///   It needs a name, and the browser says it in Host: only known names are answered;
/// - a form, sendBeacon or a no-cors fetch sends a request from any site without asking first, with
///   its user's cookies. The browser says where it comes from: only this server's own pages may
///   change something, and they alone load what is here. Others may lead to a page by a link.
namespace regstream::net {

/// The hosts by which a server may be asked: every IP address, `localhost`, `*.localhost`, and the
/// names that are given here.
class AllowedHosts {
 public:
  AllowedHosts() = default;
  /// A name without a port may be asked for under any port.
  explicit AllowedHosts(std::vector<HostPort> names) : names_(std::move(names)) {}

  [[nodiscard]] bool allow(const HostPort& asked) const;

 private:
  std::vector<HostPort> names_;
};

/// Why a request with this head may not be answered; nothing if it may. The head has passed
/// `check_request_head`.
///
/// 421: its host, from `target_authority` (absolute form) or else from Host, is ill-formed or not
/// among `allowed`. An HTTP/1.0 request without a Host passes, as no browser sends one.
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
