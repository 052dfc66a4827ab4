#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <regstream/workflow/read_workflow.hpp>

#include "check.hpp"
#include "input.hpp"

// Declarations of workflows. The input is one file's bytes.

namespace regstream::fuzz {
namespace {

using nlohmann::json;

std::string_view word(StatusKind kind) {
  return kind == StatusKind::open ? "open" : kind == StatusKind::final ? "final" : "failed";
}

json declaration_of(const Workflow& workflow) {
  json statuses = json::array();
  for (const WorkflowStatus& status : workflow.statuses) {
    statuses.push_back({{"name", status.name}, {"kind", word(status.kind)}});
  }
  json stages = json::array();
  for (const WorkflowStage& stage : workflow.stages) {
    stages.push_back({{"name", stage.name}, {"title", stage.title}});
  }
  return {{"name", workflow.name},
          {"id",
           {{"member", workflow.id_member},
            {"kind", workflow.id_kind == IdKind::text ? "text" : "integer"}}},
          {"statuses", statuses},
          {"stageUpdateStatus", workflow.stage_update_status},
          {"stages", stages},
          {"inferStageStatus", workflow.infer_stage_status},
          {"channel", workflow.channel},
          {"paths", {{"stream", workflow.stream_path}, {"updates", workflow.updates_path}}}};
}

/// Checks that `name` is safe in a message and on a terminal.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 256 &&
         std::none_of(name.begin(), name.end(), [](char character) {
           const auto byte = static_cast<unsigned char>(character);
           return byte < 0x20 || byte == 0x7F;
         });
}

/// Checks that `text` needs no escape in a Redis key or a request line.
bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return byte > ' ' && byte < 0x7F; });
}

std::size_t ids_in(std::string_view path) {
  std::size_t count = 0;
  for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
    ++count;
    check(path[at - 1] == '/' && path.substr(at, 4) == "{id}" &&
              (at + 4 == path.size() || path[at + 4] == '/'),
          "braces are the segment of an id");
  }
  return count;
}

void check_path(std::string_view path, std::size_t ids) {
  check(path.starts_with('/') && path.size() >= 2 && path.size() <= 256 && is_visible_ascii(path),
        "a path is one");
  check(path.find_first_of("?#%\\\"") == std::string_view::npos, "a path is no more than one");
  check(path.find("//") == std::string_view::npos && path.find("/../") == std::string_view::npos,
        "a path stays where it is");
  check(ids_in(path) == ids, "a path has the segment of an id where it should");
}

void check_workflow(const Workflow& workflow) {
  check(!workflow.name.empty() && workflow.name.size() <= 32 && is_visible_ascii(workflow.name),
        "a workflow has a name");
  check(!workflow.id_member.empty() && workflow.id_member.size() <= 64 &&
            is_visible_ascii(workflow.id_member) && workflow.id_member != "status",
        "an id has a member");
  std::set<std::string> names;
  bool has_end = false;
  for (const WorkflowStatus& status : workflow.statuses) {
    check(is_name(status.name) && names.insert(status.name).second, "a status has its own name");
    has_end = has_end || status.kind != StatusKind::open;
  }
  check(has_end && names.size() <= 64, "a workflow can end");
  check(names.count(workflow.stage_update_status) == 1 &&
            !workflow.is_final(workflow.stage_update_status),
        "a stage update leaves its instance open");
  names.clear();
  for (const WorkflowStage& stage : workflow.stages) {
    check(is_name(stage.name) && is_name(stage.title) && names.insert(stage.name).second,
          "a stage has its own name, and a title");
  }
  check(names.size() <= 64, "stages are counted");
  check(!workflow.channel.empty() && workflow.channel.size() <= 128 &&
            is_visible_ascii(workflow.channel) &&
            workflow.channel.find_first_of("{}*") == std::string::npos,
        "a channel can be a hash tag");
  check_path(workflow.stream_path, 0);
  check_path(workflow.updates_path, 1);

  const auto again = read_workflow(declaration_of(workflow).dump());
  const auto* const same = std::get_if<Workflow>(&again);
  check(same != nullptr && *same == workflow, "a workflow that is declared again is the same");
  check(find_conflict(std::vector{workflow, workflow}).has_value(), "it is in its own way");
}

void check_problem(const WorkflowProblem& problem, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  check(problem.line >= 1 && problem.line <= lines, "a mistake is on a line of the text");
  const std::string shown = describe(problem, "a.json");
  check(!problem.what.empty() && shown.size() < 2'000, "a mistake says what it is, in short");
  check(std::none_of(shown.begin(), shown.end(), [](char byte) { return byte >= 0 && byte < ' '; }),
        "a mistake is one line");
  check(json::accept(text) || problem.member.empty() || problem.what == "is given twice" ||
            problem.what.find("is nested deeper") == 0 || problem.what.find("is one value") == 0,
        "what is no JSON is not read as a declaration");
}

}  // namespace
}  // namespace regstream::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace regstream;
  fuzz::Input input{data, size};
  const fuzz::ExactCopy text{input.rest()};
  const auto result = read_workflow(text.view());
  if (const auto* const problem = std::get_if<WorkflowProblem>(&result)) {
    fuzz::check_problem(*problem, text.view());
  } else {
    fuzz::check(fuzz::json::accept(text.view()), "a declaration is JSON");
    fuzz::check_workflow(std::get<Workflow>(result));
  }
  return 0;
}
