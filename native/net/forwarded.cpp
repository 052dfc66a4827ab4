#include "net/forwarded.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/http/field.hpp>
#include <boost/system/error_code.hpp>

#include "net/client_count.hpp"
#include "net/letter_case.hpp"

namespace regstream::net {

namespace ip = boost::asio::ip;

namespace {

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Removes the last part of a list and returns it. A separator in a quoted string doesn't split.
// From the right it is unknown whether a quote opens or closes, so quotes are counted: with an odd
// number of them the whole list is one part, which is not an address.
std::string_view take_last(std::string_view& list, char separator) {
  bool is_quoted = false;
  for (std::size_t index = list.size(); index > 0; --index) {
    const char letter = list[index - 1];
    if (letter == '"') {
      is_quoted = !is_quoted;
    } else if (letter == separator && !is_quoted) {
      const std::string_view last = list.substr(index);
      list = list.substr(0, index - 1);
      return trim(last);
    }
  }
  const std::string_view last = list;
  list = {};
  return trim(last);
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

// "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:80", and without brackets, as many
// write it, "2001:db8::1".
std::optional<ip::address> parse_node(std::string_view node) {
  std::string_view host = node;
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view rest = node.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) {
      return std::nullopt;
    }
    host = node.substr(1, end - 1);
  } else if (std::count(node.begin(), node.end(), ':') == 1) {
    const std::size_t colon = node.find(':');
    if (!is_port(node.substr(colon + 1))) {
      return std::nullopt;
    }
    host = node.substr(0, colon);
  }
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(host), error);
  if (error || (node.starts_with('[') && address.is_v4()) ||
      (address.is_v6() && host.find('%') != std::string_view::npos)) {
    return std::nullopt;
  }
  return address;
}

// The `for` of one element, "for=192.0.2.60;proto=http"; quoted where it has a colon or brackets.
std::optional<ip::address> parse_forwarded(std::string_view element) {
  std::optional<ip::address> found;
  while (!element.empty()) {
    const std::string_view pair = take_last(element, ';');
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || !equals_ignoring_case(pair.substr(0, equals), "for")) {
      continue;
    }
    std::string_view value = pair.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    const auto address = parse_node(value);
    if (!address || found) {
      return std::nullopt;  // A parameter may occur only once (RFC 7239, 4).
    }
    found = address;
  }
  return found;
}

// Several fields are one list (RFC 9110, 5.3).
template <typename Field>
std::vector<std::string_view> lists_of(const Request::fields_type& fields, Field name) {
  std::vector<std::string_view> lists;
  const auto range = fields.equal_range(name);
  for (auto field = range.first; field != range.second; ++field) {
    lists.emplace_back(field->value().data(), field->value().size());
  }
  return lists;
}

template <typename Field, typename Parse>
bool names_others(const Request::fields_type& fields, Field name, Parse parse) {
  for (std::string_view list : lists_of(fields, name)) {
    while (!list.empty()) {
      const std::string_view entry = take_last(list, ',');
      const auto address = parse(entry);
      if (!entry.empty() && (!address || !is_loopback(*address))) {
        return true;
      }
    }
  }
  return false;
}

template <typename Field, typename Parse>
std::optional<ip::address> follow(const ip::address& peer, const Request::fields_type& fields,
                                  Field name, const AddressBlocks& trusted, Parse parse) {
  std::vector<std::string_view> lists = lists_of(fields, name);
  if (lists.empty()) {
    return std::nullopt;
  }
  ip::address client = peer;
  for (std::size_t entries = 0; entries < forwarded_entries_max && contains(trusted, client);
       ++entries) {
    while (!lists.empty() && trim(lists.back()).empty()) {
      lists.pop_back();
    }
    if (lists.empty()) {
      break;
    }
    const auto address = parse(take_last(lists.back(), ','));
    if (!address) {
      break;
    }
    client = *address;
  }
  return client;
}

}  // namespace

ip::address find_client(const ip::address& peer, const Request::fields_type& fields,
                        const AddressBlocks& trusted) {
  if (!contains(trusted, peer)) {
    return peer;
  }
  const auto common = follow(peer, fields, "X-Forwarded-For", trusted, parse_node);
  const auto standard =
      follow(peer, fields, boost::beast::http::field::forwarded, trusted, parse_forwarded);
  if (common && standard && *common != *standard) {
    return peer;
  }
  return common.value_or(standard.value_or(peer));
}

bool is_forwarded_for_others(const Request::fields_type& fields) {
  return names_others(fields, "X-Forwarded-For", parse_node) ||
         names_others(fields, boost::beast::http::field::forwarded, parse_forwarded);
}

}  // namespace regstream::net
