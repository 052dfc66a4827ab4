#include <regstream/session/stream_query.hpp>

#include <algorithm>
#include <string_view>

#include "text/digits.hpp"

namespace regstream {
namespace {

/// Whether a character needs no escape in any part of a URL (RFC 3986, 2.3).
bool is_unreserved(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') ||
         std::string_view("-._~").find(character) != std::string_view::npos;
}

bool is_id(const InstanceId& id, const Workflow& workflow) {
  return workflow.id_kind == IdKind::integer ? id.number >= 1 && id.number <= integer_id_max
                                             : is_text_id(id.text);
}

}  // namespace

std::size_t longest_query_bytes(std::span<const InstanceId> ids, const Workflow& workflow) {
  std::string query;
  for (const InstanceId& id : ids) {
    append_id_parameter(query, workflow.id_member, id);
    append_id_parameter(query, "snapshot", id);
  }
  return query.size();
}

bool can_ask(std::span<const InstanceId> ids, const Workflow& workflow, StreamEnd end) {
  return ids.size() <= stream_ids_max && (end == StreamEnd::never || ids.size() == 1) &&
         std::all_of(ids.begin(), ids.end(),
                     [&workflow](const InstanceId& id) { return is_id(id, workflow); }) &&
         longest_query_bytes(ids, workflow) <= stream_query_bytes_max;
}

void append_id_parameter(std::string& query, std::string_view name, const InstanceId& id) {
  if (!id.text.empty()) {
    return append_parameter(query, name, id.text);
  }
  std::string digits;
  text::append_digits(digits, static_cast<std::uint64_t>(id.number));
  append_parameter(query, name, digits);
}

void append_parameter(std::string& query, std::string_view name, std::string_view value) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  if (!query.empty()) {
    query.push_back('&');
  }
  query.append(name).push_back('=');
  for (const char character : value) {
    if (is_unreserved(character)) {
      query.push_back(character);
    } else {
      const auto byte = static_cast<unsigned char>(character);
      query.append({'%', hex[byte >> 4U], hex[byte & 0xFU]});
    }
  }
}

}  // namespace regstream
