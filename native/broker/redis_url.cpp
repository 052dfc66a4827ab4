#include "broker/redis_url.hpp"

#include <stdexcept>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "broker/redis_address.hpp"

namespace regstream::broker {
namespace {

namespace urls = boost::urls;

[[noreturn]] void refuse(std::string_view source, std::string_view what) {
  throw std::invalid_argument(std::string{source}.append(": ").append(what));
}

/// The text as written, perhaps percent-encoded, whatever Boost's type for it is.
template <typename Text>
std::string_view as_written(const Text& text) {
  return {text.data(), text.size()};
}

std::string host_of(std::string_view source, const urls::url_view& url) {
  if (url.host_type() == urls::host_type::ipv6) {
    return url.host_ipv6_address().to_string();
  }
  // A percent-encoded host could be anything, and no resolvable name needs it.
  std::string host{as_written(url.encoded_host())};
  if (url.host_type() == urls::host_type::ipvfuture || !is_host(host) ||
      host.find('%') != std::string::npos) {
    refuse(source, "the URL names no host: write rediss://HOST:PORT");
  }
  return host;
}

}  // namespace

RedisUrl parse_redis_url(std::string_view source, std::string_view text) {
  const auto parsed = urls::parse_uri(text);
  // Boost 1.81 reads an invalid port as a path, although it begins with no slash (RFC 3986, 3).
  if (!parsed || !parsed->has_authority() ||
      (!parsed->encoded_path().empty() && !parsed->encoded_path().starts_with('/'))) {
    refuse(source,
           "is no URL: write rediss://HOST:PORT, and USER:PASSWORD with an at-sign before the "
           "host; in user and password, percent-encode all but letters and digits: %40 for the "
           "at-sign, %23 for '#', %2F for '/', %25 for '%'");
  }
  const urls::url_view& url = *parsed;
  RedisUrl result;
  std::string scheme = url.scheme();
  for (char& letter : scheme) {
    letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
  result.is_secure = scheme == "rediss";
  if (!result.is_secure && scheme != "redis") {
    refuse(source, "a URL of Redis begins with redis://, or with rediss:// for TLS");
  }
  result.address.host = host_of(source, url);
  if (url.has_port() && !url.port().empty()) {
    const auto port = parse_port(as_written(url.port()));
    if (!port) {
      refuse(source, "the URL's port must be from 1 to 65535");
    }
    result.address.port = *port;
  }
  if (const auto path = as_written(url.encoded_path());
      !path.empty() && path != "/" && path != "/0") {
    refuse(source,
           "the URL names a database (what follows the host's '/'): Pub/Sub has none, so two "
           "deployments would hear each other; leave it out, and give each deployment another "
           "channel (a workflow's file names it), or a Redis of its own");
  }
  if (url.has_query()) {
    refuse(source,
           "the URL has parameters ('?'), which are not supported: TLS files and all other "
           "settings have variables (REDIS_CA_FILE, ...)");
  }
  if (url.has_fragment()) {
    refuse(source, "the URL has a '#': write it as %23");
  }
  if (!url.encoded_user().empty()) {
    result.username = url.user();
  }
  if (url.has_password() && !url.encoded_password().empty()) {
    result.password = url.password();
  }
  return result;
}

}  // namespace regstream::broker
