#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/beast/http/verb.hpp>

#include "net/exchange.hpp"

namespace regstream::net {

/// Finds the handler of a request by method and path.
class Router {
 public:
  /// `pattern` is a path whose segments are literal or `{name}`; a literal beats a name. They are
  /// compared with the target's decoded segments. A GET route answers HEAD as well.
  void add(boost::beast::http::verb method, std::string_view pattern, Handler handler);

  /// What no route matches under GET and HEAD (the page's files). Without one: 404.
  void set_fallback(Handler handler);

  /// What no route's path matches, under any method, and before the fallback: for a program that
  /// plays somebody else's server.
  void set_catch_all(Handler handler);

  /// What `other` has beyond this, as it is now: requests for that are handed over to its handlers,
  /// on its loop, `there`. They answer, and do not take the connection.
  void forward_to(const Router& other, boost::asio::io_context& there);

  /// Calls the handler, or answers: 404 for an unknown path, 405 with Allow for a known path with
  /// another method, 400 for a target that could not be read. `OPTIONS *` asks what the server can
  /// do at all (RFC 9110, 9.3.7): 204 with Allow. So does a preflight of an allowed origin
  /// (`Cors`). Tells the connection by which route it went: that of another method for these.
  void route(Exchange exchange) const;

 private:
  void respond_without_path(Exchange exchange) const;

  struct Route {
    boost::beast::http::verb method;
    std::string pattern;
    std::vector<std::string> segments;  // As in the pattern, a name with its braces.
    Handler handler;
  };

  std::vector<Route> routes_;
  Handler fallback_;
  Handler catch_all_;
};

}  // namespace regstream::net
