#include "gateway/stream_request.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace regstream::gateway {

namespace {

// Several lines of a field are one list (RFC 9110, 5.3). A list is not an event id, so this cursor
// gets a reset.
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

// The ids that a parameter names, sorted, each once.
std::variant<std::vector<InstanceId>, StreamRequestError> read_ids(const net::Target& target,
                                                                   const std::string& name,
                                                                   IdKind kind) {
  std::vector<InstanceId> ids;
  const auto [first, last] = target.query.equal_range(name);
  for (auto given = first; given != last; ++given) {
    std::optional<InstanceId> id = parse_instance_id(given->second, kind);
    if (!id) {
      return StreamRequestError{name + " must be " + std::string(expected_instance_id(kind)) + "."};
    }
    ids.push_back(*std::move(id));
  }
  std::sort(ids.begin(), ids.end(), is_before);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::optional<StreamRequestError> read_until(const net::Target& target, const Workflow& workflow,
                                             hub::SubscriptionRequest& request) {
  const auto given = target.query.find("until");
  if (given == target.query.end()) {
    return std::nullopt;
  }
  if (target.query.count("until") > 1 || given->second != "final") {
    return StreamRequestError{R"(until must be "final", given once.)"};
  }
  if (request.ids.size() != 1) {
    return StreamRequestError{"until=final needs exactly one " + workflow.id_member + "."};
  }
  request.until_final = true;
  return std::nullopt;
}

}  // namespace

std::variant<hub::SubscriptionRequest, StreamRequestError> read_stream_request(
    const net::Request& request, const net::Target& target, const Workflow& workflow) {
  hub::SubscriptionRequest result;
  auto ids = read_ids(target, workflow.id_member, workflow.id_kind);
  auto snapshots = read_ids(target, "snapshot", workflow.id_kind);
  for (auto* const read : {&ids, &snapshots}) {
    if (auto* const error = std::get_if<StreamRequestError>(read)) {
      return std::move(*error);
    }
  }
  result.ids = std::get<0>(std::move(ids));
  result.snapshots = std::get<0>(std::move(snapshots));
  if (result.ids.size() > hub::ids_of_stream_max) {
    return StreamRequestError{"A stream follows at most " + std::to_string(hub::ids_of_stream_max) +
                              " ids. Open another stream for the rest, or follow all ids without " +
                              workflow.id_member + "."};
  }
  if (!std::includes(result.ids.begin(), result.ids.end(), result.snapshots.begin(),
                     result.snapshots.end(), is_before)) {
    return StreamRequestError{"snapshot must name an id that " + workflow.id_member +
                              " names as well."};
  }
  if (auto error = read_until(target, workflow, result)) {
    return std::move(*error);
  }

  if (const auto given = target.query.find("poll"); given != target.query.end()) {
    if (target.query.count("poll") > 1 || given->second != "1") {
      return StreamRequestError{R"(poll must be "1", given once.)"};
    }
    result.is_poll = true;
  }

  if (target.query.count("lastEventId") > 1) {
    return StreamRequestError{
        "lastEventId must be given only once: a stream resumes after one event."};
  }
  result.cursor = read_last_event_id(request);
  if (const auto given = target.query.find("lastEventId");
      result.cursor.empty() && given != target.query.end()) {
    result.cursor = given->second;
  }
  return result;
}

std::optional<std::string> limit_to_reach(hub::SubscriptionRequest& request,
                                          const access::Reach& reach) {
  if (reach.everything) {
    return std::nullopt;
  }
  if (reach.is_empty()) {
    return "This needs a token that may subscribe to at least one id of this workflow.";
  }
  if (request.ids.empty()) {
    request.ids = reach.ids;
    return std::nullopt;
  }
  const bool is_within = std::all_of(request.ids.begin(), request.ids.end(),
                                     [&reach](const InstanceId& id) { return reach.covers(id); });
  return is_within ? std::nullopt
                   : std::optional<std::string>(
                         "This needs a token that may subscribe to every requested id.");
}

}  // namespace regstream::gateway
