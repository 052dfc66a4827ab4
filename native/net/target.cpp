#include "net/target.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <boost/url/parse.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/url_view.hpp>

#include "net/letter_case.hpp"
#include "net/percent_encoding.hpp"

namespace regstream::net {
namespace {

// A hundred ids of one stream fit, with a snapshot of each, and no route has more than six
// segments. Without limits, a target of slashes or ampersands would take fifty times its size in
// memory once parsed, for as long as its body is read.
constexpr std::size_t parameters_max = 256;
constexpr std::ptrdiff_t segments_max = 64;

/// Removes the scheme and its slashes from an absolute form. False if it is not in that form.
bool remove_scheme(std::string_view& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      target.remove_prefix(scheme.size());
      return true;
    }
  }
  return false;
}

/// "/a%2Fb//c/" → "a/b", "", "c", "": split first, then decoded.
std::vector<std::string> decode_segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash that begins a segment.
    const std::string_view segment = path.substr(0, path.find('/'));
    segments.push_back(boost::urls::pct_string_view(segment).decode());
    path.remove_prefix(segment.size());
  }
  return segments;
}

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

}  // namespace

std::optional<Target> parse_target(std::string_view target) {
  Target result;
  if (remove_scheme(target)) {
    const std::string_view authority = target.substr(0, target.find_first_of("/?#"));
    result.authority = std::string(authority);
    target.remove_prefix(authority.size());
  } else if (!target.starts_with('/')) {
    return std::nullopt;
  }
  if (target.find('#') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string slash = target.starts_with('/') ? "" : "/";
  const std::string encoded = slash + encode_path_and_query(target);
  const auto parsed = boost::urls::parse_origin_form(encoded);
  if (parsed.has_error()) {
    return std::nullopt;
  }
  const boost::urls::url_view url = parsed.value();
  const std::string_view path = url.encoded_path();
  if (std::count(path.begin(), path.end(), '/') > segments_max ||
      url.params().size() > parameters_max) {
    return std::nullopt;
  }
  result.segments = decode_segments(path);
  for (const std::string& segment : result.segments) {
    if (has_nul(segment)) {
      return std::nullopt;
    }
  }
  for (const auto parameter : url.params()) {
    if (has_nul(parameter.key) || has_nul(parameter.value)) {
      return std::nullopt;
    }
    result.query.emplace(parameter.key, parameter.value);
  }
  return result;
}

}  // namespace regstream::net
