#include "gateway/stream_request.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

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

// The ids that a parameter names, in order and each once.
std::variant<std::vector<std::int64_t>, StreamRequestError> read_ids(const net::Target& target,
                                                                     const std::string& name) {
  std::vector<std::int64_t> ids;
  const auto [first, last] = target.query.equal_range(name);
  for (auto given = first; given != last; ++given) {
    const std::optional<std::int64_t> id = read_registration_id(given->second);
    if (!id) {
      return StreamRequestError{name + " must be a number from 1 to " +
                                std::to_string(registration_id_max) + "."};
    }
    ids.push_back(*id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::optional<StreamRequestError> read_until(const net::Target& target,
                                             hub::SubscriptionRequest& request) {
  const auto given = target.query.find("until");
  if (given == target.query.end()) {
    return std::nullopt;
  }
  if (target.query.count("until") > 1 || given->second != "final") {
    return StreamRequestError{R"(until must be "final", given once.)"};
  }
  if (request.ids.size() != 1) {
    return StreamRequestError{"until=final needs exactly one registrationId."};
  }
  request.until_final = true;
  return std::nullopt;
}

}  // namespace

std::variant<hub::SubscriptionRequest, StreamRequestError> read_stream_request(
    const net::Request& request, const net::Target& target) {
  hub::SubscriptionRequest result;
  auto ids = read_ids(target, "registrationId");
  auto snapshots = read_ids(target, "snapshot");
  for (auto* const read : {&ids, &snapshots}) {
    if (auto* const error = std::get_if<StreamRequestError>(read)) {
      return std::move(*error);
    }
  }
  result.ids = std::get<0>(std::move(ids));
  result.snapshots = std::get<0>(std::move(snapshots));
  if (result.ids.size() > hub::ids_of_stream_max) {
    return StreamRequestError{"A stream is of at most " + std::to_string(hub::ids_of_stream_max) +
                              " ids; open another one for the rest, or one of all ids without "
                              "registrationId."};
  }
  if (!std::includes(result.ids.begin(), result.ids.end(), result.snapshots.begin(),
                     result.snapshots.end())) {
    return StreamRequestError{"snapshot must name an id that registrationId names as well."};
  }
  if (auto error = read_until(target, result)) {
    return std::move(*error);
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
