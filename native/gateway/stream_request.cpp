#include "gateway/stream_request.hpp"

#include <charconv>
#include <string_view>

#include <regstream/message/update.hpp>

namespace regstream::gateway {

namespace {

std::optional<std::int64_t> read_registration_id(const std::string& text) {
  std::int64_t id = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || rest != end || id < 1 || id > registration_id_max) {
    return std::nullopt;
  }
  return id;
}

// Several lines of one field are one list (RFC 9110, 5.3); a list is no event id, and so a cursor
// that gets a reset.
std::string read_last_event_id(const net::Request& request) {
  std::string text;
  const auto [first, last] = request.equal_range("Last-Event-ID");
  for (auto field = first; field != last; ++field) {
    if (field != first) {
      text.append(", ");
    }
    text.append(field->value());
  }
  return text;
}

}  // namespace

std::variant<StreamRequest, StreamRequestError> read_stream_request(const net::Request& request,
                                                                    const net::Target& target) {
  StreamRequest result;
  if (target.query.count("registrationId") > 1) {
    return StreamRequestError{
        "registrationId is given more than once; a stream is of one registration, or of all "
        "without it."};
  }
  if (const auto given = target.query.find("registrationId"); given != target.query.end()) {
    result.registration_id = read_registration_id(given->second);
    if (!result.registration_id) {
      return StreamRequestError{"registrationId must be a number from 1 to " +
                                std::to_string(registration_id_max) + "."};
    }
  }

  if (target.query.count("lastEventId") > 1) {
    return StreamRequestError{
        "lastEventId is given more than once; a stream resumes after one event."};
  }
  result.cursor = read_last_event_id(request);
  if (const auto given = target.query.find("lastEventId");
      result.cursor.empty() && given != target.query.end()) {
    result.cursor = given->second;
  }
  return result;
}

}  // namespace regstream::gateway
