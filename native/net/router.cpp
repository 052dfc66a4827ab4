#include "net/router.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <boost/asio/post.hpp>

#include "net/cors.hpp"
#include "net/problem.hpp"

namespace regstream::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

// "/a//b/" → "a", "", "b", "": paths that differ for the client differ here, too.
std::vector<std::string> split(std::string_view pattern) {
  std::vector<std::string> segments;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // The slash that begins a segment.
    segments.emplace_back(pattern.substr(0, pattern.find('/')));
    pattern.remove_prefix(segments.back().size());
  }
  return segments;
}

bool is_name(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                    [](const std::string& expected, const std::string& segment) {
                      return is_name(expected) ? !segment.empty() : expected == segment;
                    });
}

// Whether `pattern` has a literal at the first place where exactly one of the two has one.
bool is_more_literal(const std::vector<std::string>& pattern,
                     const std::vector<std::string>& other) {
  return std::lexicographical_compare(pattern.begin(), pattern.end(), other.begin(), other.end(),
                                      [](const std::string& left, const std::string& right) {
                                        return !is_name(left) && is_name(right);
                                      });
}

Handler handing_over(const Handler& handler, asio::io_context& there) {
  return [handler, &there](Exchange exchange) {
    asio::post(there, [handler, exchange = std::move(exchange)]() mutable {
      handler(std::move(exchange));
    });
  };
}

// The value of an Allow field.
class AllowedMethods {
 public:
  void add(http::verb method) {
    names_.insert(http::to_string(method));
    if (method == http::verb::get) {
      names_.insert("HEAD");
    }
  }
  [[nodiscard]] bool empty() const { return names_.empty(); }
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const std::string_view name : names_) {
      text.append(text.empty() ? "" : ", ").append(name);
    }
    return text;
  }

 private:
  std::set<std::string_view> names_;
};

}  // namespace

void Router::add(http::verb method, std::string_view pattern, Handler handler) {
  routes_.push_back({.method = method,
                     .pattern = std::string(pattern),
                     .segments = split(pattern),
                     .handler = std::move(handler)});
}

void Router::set_fallback(Handler handler) {
  fallback_ = std::move(handler);
}

void Router::set_catch_all(Handler handler) {
  catch_all_ = std::move(handler);
}

void Router::forward_to(const Router& other, asio::io_context& there) {
  for (const Route& route : other.routes_) {
    const bool is_here = std::any_of(routes_.begin(), routes_.end(), [&route](const Route& own) {
      return own.method == route.method && own.pattern == route.pattern;
    });
    if (!is_here) {
      add(route.method, route.pattern, handing_over(route.handler, there));
    }
  }
  if (other.fallback_ && !fallback_) {
    fallback_ = handing_over(other.fallback_, there);
  }
}

void Router::route(Exchange exchange) const {
  const http::verb asked = exchange.request().method();
  const http::verb method = asked == http::verb::head ? http::verb::get : asked;
  const std::vector<std::string>& path = exchange.target().segments;
  if (path.empty()) {
    respond_without_path(std::move(exchange));
    return;
  }

  const Route* best = nullptr;
  const Route* other = nullptr;  // The best match with another method.
  AllowedMethods allowed;
  for (const Route& route : routes_) {
    if (!matches(route.segments, path)) {
      continue;
    }
    allowed.add(route.method);
    const Route*& found = route.method == method ? best : other;
    if (found == nullptr || is_more_literal(route.segments, found->segments)) {
      found = &route;
    }
  }
  if (const Route* const route = best != nullptr ? best : other) {
    exchange.connection_->set_route(route->pattern);
  }

  if (best != nullptr) {
    for (std::size_t index = 0; index < path.size(); ++index) {
      const std::string& segment = best->segments[index];
      if (is_name(segment)) {
        exchange.path_parameters_.emplace(segment.substr(1, segment.size() - 2), path[index]);
      }
    }
    best->handler(std::move(exchange));
  } else if (!allowed.empty()) {
    const std::string allow = allowed.text();
    if (is_preflight(exchange.request()) && exchange.cors() != nullptr &&
        exchange.cors()->is_allowed) {
      exchange.respond(make_preflight_answer(allow));
      return;
    }
    Response response = make_problem({.status = http::status::method_not_allowed,
                                      .detail = "This resource supports " + allow + " only."});
    response.set(http::field::allow, allow);
    exchange.respond(std::move(response));
  } else if (catch_all_) {
    catch_all_(std::move(exchange));
  } else if (fallback_ && method == http::verb::get) {
    fallback_(std::move(exchange));
  } else {
    respond_problem(
        exchange, {.status = http::status::not_found, .detail = "There is nothing at this path."});
  }
}

void Router::respond_without_path(Exchange exchange) const {
  const Request& request = exchange.request();
  if (request.method() != http::verb::options || request.target() != "*") {
    respond_problem(exchange, {.status = http::status::bad_request,
                               .detail = "The request target is not a valid path and query."});
    return;
  }
  AllowedMethods allowed;
  allowed.add(http::verb::options);
  for (const Route& route : routes_) {
    allowed.add(route.method);
  }
  Response response(http::status::no_content, request.version());
  response.set(http::field::allow, allowed.text());
  exchange.respond(std::move(response));
}

}  // namespace regstream::net
