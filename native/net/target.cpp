#include "net/target.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace regstream::net {

std::optional<Target> parse_target(std::string_view target) {
  const auto origin_form = boost::urls::parse_origin_form(target);
  const auto parsed =
      origin_form.has_error() ? boost::urls::parse_absolute_uri(target) : origin_form;
  if (parsed.has_error()) {
    return std::nullopt;
  }
  const boost::urls::url_view url = parsed.value();

  Target result;
  result.path = url.path();
  if (result.path.empty()) {
    result.path.push_back('/');
  }
  bool has_nul = result.path.find('\0') != std::string::npos;
  for (const auto parameter : url.params()) {
    has_nul = has_nul || parameter.key.find('\0') != std::string::npos ||
              parameter.value.find('\0') != std::string::npos;
    result.query.emplace(parameter.key, parameter.value);
  }
  if (has_nul || result.path.front() != '/') {
    return std::nullopt;
  }
  return result;
}

}  // namespace regstream::net
