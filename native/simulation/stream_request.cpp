#include "simulation/stream_request.hpp"

#include <algorithm>
#include <charconv>

#include "simulation/guest_workflow.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {
namespace {

[[noreturn]] void refuse(std::string_view query) {
  throw Violation("a stream is asked for in a way that no gateway knows: " + std::string{query});
}

std::string decode_percents(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    if (text.front() != '%') {
      decoded.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(1, 2);
    const auto [rest, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc{} || rest != digits.data() + 2) {
      refuse(text);
    }
    decoded.push_back(static_cast<char>(byte));
    text.remove_prefix(3);
  }
  return decoded;
}

std::int64_t read_id(const std::string& value, const Workflow& workflow, std::string_view query) {
  InstanceId id;
  if (workflow.id_kind == IdKind::text) {
    id.text = value;
  } else {
    std::from_chars(value.data(), value.data() + value.size(), id.number);
  }
  const std::int64_t number = number_of(workflow, id);
  const bool is_exact = workflow.id_kind == IdKind::text || value == std::to_string(number);
  if (number == 0 || !is_exact || instance_id(workflow, number) != id) {
    refuse(query);
  }
  return number;
}

}  // namespace

StreamRequest read_stream_request(std::string_view query, std::string_view cursor,
                                  const Workflow& workflow) {
  StreamRequest request{.ids = {}, .snapshots = {}, .cursor = std::string{cursor}};
  std::string_view left = query;
  while (!left.empty()) {
    const std::string_view parameter = left.substr(0, left.find('&'));
    left.remove_prefix(std::min(left.size(), parameter.size() + 1));
    const auto equals = parameter.find('=');
    if (equals == std::string_view::npos) {
      refuse(query);
    }
    const std::string_view name = parameter.substr(0, equals);
    const std::string value = decode_percents(parameter.substr(equals + 1));
    if (name == workflow.id_member) {
      request.ids.push_back(read_id(value, workflow, query));
    } else if (name == "snapshot") {
      request.snapshots.push_back(read_id(value, workflow, query));
    } else if (name == "until" && value == "final") {
      request.until_final = true;
    } else if (name == "poll" && value == "1") {
      request.is_poll = true;
    } else {
      refuse(query);
    }
  }
  std::sort(request.ids.begin(), request.ids.end());
  std::sort(request.snapshots.begin(), request.snapshots.end());
  if (!std::includes(request.ids.begin(), request.ids.end(), request.snapshots.begin(),
                     request.snapshots.end()) ||
      (request.until_final && request.ids.size() != 1)) {
    refuse(query);
  }
  return request;
}

}  // namespace regstream::simulation
