#include "workflow_text.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include <regstream/session/stream_query.hpp>

namespace regstream::abi {
namespace {

/// Removes the part before `end` from `text`, together with `end`, and returns it; all of `text` if
/// there is no `end`.
std::string_view split_until(std::string_view& text, char end) {
  const std::size_t size = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  return part;
}

bool read_status(Workflow& workflow, std::string_view rest) {
  const std::string_view kind = split_until(rest, ' ');
  WorkflowStatus& status = workflow.statuses.emplace_back();
  status.name = rest;
  if (kind == "final") {
    status.kind = StatusKind::final;
  } else if (kind == "failed") {
    status.kind = StatusKind::failed;
  } else if (kind != "open") {
    return false;
  }
  return !rest.empty() && workflow.statuses.size() <= workflow_names_max;
}

bool read_line(Workflow& workflow, std::string_view rest) {
  const std::string_view what = split_until(rest, ' ');
  if (what == "id") {
    const std::string_view kind = split_until(rest, ' ');
    workflow.id_kind = kind == "text" ? IdKind::text : IdKind::integer;
    workflow.id_member = rest;
    return kind == "text" || kind == "integer";
  }
  if (what == "infer") {
    workflow.infer_stage_status = rest == "1";
    return rest == "1" || rest == "0";
  }
  if (what == "stage_update") {
    workflow.stage_update_status = rest;
    return true;
  }
  if (what == "stage") {
    workflow.stages.emplace_back().name = rest;
    return !rest.empty() && workflow.stages.size() <= workflow_names_max;
  }
  return what == "status" && read_status(workflow, rest);
}

/// Reads an id. Returns 0, which is not an id, for anything but digits and for a number that is too
/// large.
std::int64_t read_number(std::string_view text) {
  std::int64_t number = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9' || number > integer_id_max) {
      return 0;
    }
    number = number * 10 + (digit - '0');
  }
  return number;
}

}  // namespace

bool read_workflow(std::string_view text, Workflow& workflow) {
  while (!text.empty()) {
    if (!read_line(workflow, split_until(text, '\n'))) {
      return false;
    }
  }
  return !workflow.id_member.empty();
}

std::vector<InstanceId> read_ids(std::string_view text, const Workflow& workflow) {
  std::vector<InstanceId> ids;
  // One id more than a stream may have is enough for a refusal.
  while (!text.empty() && ids.size() <= stream_ids_max) {
    const std::string_view id = split_until(text, '\n');
    if (workflow.id_kind == IdKind::integer) {
      ids.emplace_back().number = read_number(id);
    } else {
      ids.emplace_back().text = id;
    }
  }
  return ids;
}

}  // namespace regstream::abi
