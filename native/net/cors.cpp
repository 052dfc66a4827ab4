#include "net/cors.hpp"

#include <algorithm>
#include <optional>

#include "net/host_port.hpp"

namespace regstream::net {

namespace http = boost::beast::http;

namespace {

// What a page may send in addition to the fields that every page may send (Fetch standard, 2.2.2).
constexpr std::string_view allowed_headers =
    "Authorization, Content-Type, Last-Event-ID, Idempotency-Key, Cache-Control";
// What a page may read in addition to the fields that every page may read (Fetch standard, 3.3.3).
constexpr std::string_view exposed_headers = "Retry-After, WWW-Authenticate, Location";
// How long browsers cache the preflight's response. An origin that was removed from the list is
// refused at its next request anyway.
constexpr std::string_view preflight_seconds_max = "600";

CorsFields fields_of(const std::string* origin) {
  CorsFields result;
  result.is_allowed = origin != nullptr;
  // For other origins, too: a cache must not give one origin's response to another.
  result.fields.emplace_back("Vary", "Origin");
  if (origin != nullptr) {
    result.fields.emplace_back("Access-Control-Allow-Origin", *origin);
    result.fields.emplace_back("Access-Control-Allow-Credentials", "true");
    result.fields.emplace_back("Access-Control-Expose-Headers", exposed_headers);
  }
  return result;
}

std::optional<std::string_view> find_problem(std::string_view text) {
  if (text == "*") {
    return "would let the pages of every site use their visitors' cookies here; name each origin";
  }
  if (text == "null") {
    return "is the origin of every local file and every sandboxed page; serve the page by HTTP and "
           "name its origin";
  }
  const bool is_https = text.starts_with("https://");
  if (!is_https && !text.starts_with("http://")) {
    return "is not an origin; give one such as https://bank.example";
  }
  const std::string_view authority = text.substr(text.find("//") + 2);
  const auto host = parse_host_port(authority);
  if (!host) {
    return "is not an origin; give scheme, host and port only, such as https://bank.example";
  }
  const bool has_own_port = host->port == (is_https ? 443 : 80);
  const std::string canonical =
      host->host + (host->port ? ":" + std::to_string(*host->port) : std::string());
  if (has_own_port || authority != canonical) {
    return "is not in the form that browsers send: write it in lower case, without the scheme's "
           "default port";
  }
  return std::nullopt;
}

}  // namespace

void set_cors_fields(Response& response, const CorsFields* fields) {
  if (fields == nullptr) {
    return;
  }
  for (const auto& [name, value] : fields->fields) {
    response.set(name, value);
  }
}

std::variant<std::string, OriginProblem> read_origin(std::string_view text) {
  if (const auto problem = find_problem(text)) {
    return OriginProblem{std::string(*problem)};
  }
  return std::string(text);
}

Cors::Cors(const std::vector<std::string>& origins) {
  for (const std::string& origin : origins) {
    allowed_.push_back({.origin = origin, .fields = fields_of(&origin)});
  }
  others_ = fields_of(nullptr);
}

const CorsFields* Cors::find(const Request& head) const {
  if (allowed_.empty()) {
    return nullptr;
  }
  if (head.count(http::field::origin) != 1) {
    return &others_;
  }
  const std::string_view origin = head[http::field::origin];
  const auto found = std::find_if(allowed_.begin(), allowed_.end(),
                                  [&](const Allowed& allowed) { return allowed.origin == origin; });
  return found == allowed_.end() ? &others_ : &found->fields;
}

bool is_preflight(const Request& request) {
  return request.method() == http::verb::options && request.count(http::field::origin) == 1 &&
         request.count(http::field::access_control_request_method) == 1;
}

Response make_preflight_answer(std::string_view methods) {
  Response response(http::status::no_content, 11);
  response.set(http::field::access_control_allow_methods, methods);
  response.set(http::field::access_control_allow_headers, allowed_headers);
  response.set(http::field::access_control_max_age, preflight_seconds_max);
  return response;
}

}  // namespace regstream::net
