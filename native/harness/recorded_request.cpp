#include "harness/recorded_request.hpp"

#include "net/letter_case.hpp"

namespace regstream::harness {

namespace {

constexpr std::string_view redacted = "(redacted)";

bool is_secret_field(std::string_view name) {
  return net::equals_ignoring_case(name, "authorization") ||
         net::equals_ignoring_case(name, "proxy-authorization") ||
         net::equals_ignoring_case(name, "cookie");
}

bool is_secret_parameter(std::string_view name) {
  return net::equals_ignoring_case(name, "access_token") ||
         net::equals_ignoring_case(name, "token");
}

std::string redact_target(std::string_view target) {
  const std::size_t query = target.find('?');
  std::string result(target.substr(0, query));
  char separator = '?';
  for (std::size_t at = query; at != std::string_view::npos; separator = '&') {
    const std::size_t next = target.find('&', at + 1);
    const std::string_view parameter = target.substr(at + 1, next - at - 1);
    const std::string_view name = parameter.substr(0, parameter.find('='));
    result += separator;
    if (is_secret_parameter(name)) {
      result.append(name).append("=").append(redacted);
    } else {
      result.append(parameter);
    }
    at = next;
  }
  return result;
}

}  // namespace

std::string_view to_string(Ending ending) {
  switch (ending) {
    case Ending::open:
      return "open";
    case Ending::answered:
      return "answered";
    case Ending::ended:
      return "ended";
    case Ending::cut:
      return "cut";
    case Ending::reset:
      return "reset";
    case Ending::by_client:
      return "by_client";
    case Ending::too_slow:
      return "too_slow";
    case Ending::restarted:
      return "restarted";
  }
  return {};
}

RecordedRequest record_request(ConnectionNumber number, const RequestHead& head, Instant now) {
  RecordedRequest record;
  record.number = number;
  record.at = now;
  record.method = head.method;
  record.target = redact_target(head.target);
  record.last_event_id = head.last_event_id;
  for (const HeaderField& field : head.headers) {
    record.headers.push_back(
        {field.name, is_secret_field(field.name) ? std::string(redacted) : field.value});
  }
  return record;
}

}  // namespace regstream::harness
