#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/beast/http/verb.hpp>

#include "net/exchange.hpp"

namespace regstream::net {

/// Finds the handler of a request by its method and path.
class Router {
 public:
  /// `pattern` is a path whose segments are literal or `{name}`; a literal wins over a name. They
  /// are compared with the target's decoded segments. A GET route also answers HEAD.
  void add(boost::beast::http::verb method, std::string_view pattern, Handler handler);

  /// Handles GET and HEAD of paths that no route matches (the page's files). Without it: 404.
  void set_fallback(Handler handler);

  /// Handles paths that no route matches, with every method, before the fallback. For a program
  /// that plays another server.
  void set_catch_all(Handler handler);

  /// Forwards requests for the routes that `other` has now and this router doesn't, to the handlers
  /// of `other` on its loop, `there`. Those handlers must respond, and must not take the
  /// connection.
  void forward_to(const Router& other, boost::asio::io_context& there);

  /// Calls the handler, or responds: 404 for an unknown path, 405 with Allow for a known path with
  /// another method, 400 for a malformed target, 204 with Allow for `OPTIONS *` (RFC 9110, 9.3.7)
  /// and for a preflight of an allowed origin (`Cors`). Tells the connection which route matched;
  /// for an unsupported method that is the path's route of another method.
  void route(Exchange exchange) const;

 private:
  void respond_without_path(Exchange exchange) const;

  struct Route {
    boost::beast::http::verb method;
    std::string pattern;
    std::vector<std::string> segments;  // As in the pattern; a name has its braces.
    Handler handler;
  };

  std::vector<Route> routes_;
  Handler fallback_;
  Handler catch_all_;
};

}  // namespace regstream::net
