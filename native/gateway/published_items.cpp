#include "gateway/published_items.hpp"

#include <algorithm>
#include <optional>

namespace regstream::gateway {

namespace http = boost::beast::http;

namespace {

using Items = std::vector<std::string_view>;

constexpr std::string_view json_space = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(json_space);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(json_space) + 1 - first);
}

net::Problem invalid_items(std::string detail) {
  return {.status = http::status::bad_request, .detail = std::move(detail)};
}

/// `at` counts from 0.
net::Problem invalid_array(std::size_t at) {
  return invalid_items("The body is not a JSON array of updates: the error is at byte " +
                       std::to_string(at + 1) + ".");
}

/// Nothing if this number is allowed.
std::optional<net::Problem> count_problem(const Items& items) {
  if (items.empty()) {
    return invalid_items("The body has no update.");
  }
  if (items.size() > published_items_max) {
    return net::Problem{.status = http::status::payload_too_large,
                        .detail = "A request may publish at most " +
                                  std::to_string(published_items_max) +
                                  " updates: send the rest in another request."};
  }
  return std::nullopt;
}

/// Where the item that begins at `begin` ends: at a comma or a bracket on its own level, or at the
/// end of the body.
std::size_t end_of_item(std::string_view body, std::size_t begin) {
  std::size_t depth = 0;
  bool is_in_string = false;
  for (std::size_t at = begin; at < body.size(); ++at) {
    const char byte = body[at];
    if (is_in_string) {
      at += byte == '\\' ? 1 : 0;
      is_in_string = byte != '"';
    } else if (byte == '"') {
      is_in_string = true;
    } else if (byte == '{' || byte == '[') {
      ++depth;
    } else if (byte == '}' || byte == ']' || byte == ',') {
      if (depth == 0) {
        return at;
      }
      depth -= byte == ',' ? 0 : 1;
    }
  }
  return body.size();
}

}  // namespace

bool is_array_body(std::string_view body) {
  return trimmed(body).starts_with('[');
}

std::variant<Items, net::Problem> split_array(std::string_view body) {
  Items items;
  std::size_t at = body.find('[');
  if (at == std::string_view::npos || !is_array_body(body)) {
    return invalid_array(0);
  }
  do {
    const std::size_t begin = at + 1;
    at = end_of_item(body, begin);
    const auto item = trimmed(body.substr(begin, at - begin));
    const bool is_end = at < body.size() && body[at] == ']';
    if (at == body.size() || body[at] == '}' || (item.empty() && !(is_end && items.empty()))) {
      return invalid_array(at);
    }
    if (!item.empty()) {
      items.push_back(item);
    }
  } while (body[at] == ',' && items.size() <= published_items_max);
  if (auto problem = count_problem(items)) {
    return *std::move(problem);
  }
  const std::size_t rest = body.find_first_not_of(json_space, at + 1);
  if (rest != std::string_view::npos) {
    return invalid_array(rest);
  }
  return items;
}

std::variant<Items, net::Problem> split_lines(std::string_view body) {
  Items items;
  while (!body.empty() && items.size() <= published_items_max) {
    const std::size_t length = std::min(body.find('\n'), body.size());
    if (const auto line = trimmed(body.substr(0, length)); !line.empty()) {
      items.push_back(line);
    }
    body.remove_prefix(std::min(length + 1, body.size()));
  }
  if (auto problem = count_problem(items)) {
    return *std::move(problem);
  }
  return items;
}

}  // namespace regstream::gateway
