#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <regstream/workflow/read_workflow.hpp>
#include <regstream/workflow/registration.hpp>

using namespace regstream;

namespace {

const std::filesystem::path folder = REGSTREAM_VECTORS "/workflows";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

Workflow workflow_of(const std::string& text) {
  const auto result = read_workflow(text);
  if (const auto* const problem = std::get_if<WorkflowProblem>(&result)) {
    FAIL(describe(*problem, "the declaration"));
  }
  return std::get<Workflow>(result);
}

WorkflowProblem problem_of(const std::string& text) {
  const auto result = read_workflow(text);
  REQUIRE(std::holds_alternative<WorkflowProblem>(result));
  return std::get<WorkflowProblem>(result);
}

const std::string& good_text() {
  static const std::string text = read_file(folder / "good_orders.json");
  return text;
}

}  // namespace

TEST_CASE("Every shared declaration is read or refused with the expected sentence") {
  const auto expected = nlohmann::json::parse(read_file(folder / "expected.json"));
  std::size_t files = 0;
  std::size_t refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json" || name == "expected.json") {
      continue;
    }
    ++files;
    INFO(name);
    REQUIRE(expected.contains(name));
    const auto result = read_workflow_file(entry.path().string());
    const auto* const problem = std::get_if<WorkflowProblem>(&result);
    const auto& answer = expected.at(name);
    if (answer.is_null()) {
      INFO((problem == nullptr ? "" : describe(*problem, name)));
      CHECK(problem == nullptr);
      continue;
    }
    ++refused;
    REQUIRE(problem != nullptr);
    CHECK(problem->line == answer.at("line").get<std::size_t>());
    CHECK(problem->member == answer.at("member").get<std::string>());
    CHECK(problem->what == answer.at("what").get<std::string>());
  }
  CHECK(files == expected.size());
  CHECK(refused >= 40);
}

TEST_CASE("A declaration is read completely") {
  const Workflow workflow = workflow_of(good_text());
  CHECK(workflow == Workflow{.name = "orders",
                             .id_member = "orderId",
                             .id_kind = IdKind::text,
                             .statuses = {{"RUNNING", StatusKind::open},
                                          {"DONE", StatusKind::final},
                                          {"BROKEN", StatusKind::failed}},
                             .stage_update_status = "RUNNING",
                             .stages = {{"pick", "Pick"}, {"ship", "Ship"}},
                             .infer_stage_status = false,
                             .channel = "orders:updates",
                             .stream_path = "/api/orders/updates/stream",
                             .updates_path = "/api/orders/{id}/updates"});
  CHECK(workflow_of(read_file(folder / "good_other_order_and_line_ends.json")).infer_stage_status);
  const Workflow escaped = workflow_of(read_file(folder / "good_escaped_names.json"));
  CHECK(escaped.name == workflow.name);
  CHECK(escaped.statuses == workflow.statuses);
  CHECK(escaped.updates_path == "/api/orders/{id}");
}

TEST_CASE("The built-in workflow is what its declaration says") {
  CHECK(workflow_of(read_file(folder.parent_path().parent_path().parent_path() / "workflows" /
                              "registration.json")) == registration_workflow());
}

TEST_CASE("A declaration may have 64 KiB and no byte more") {
  const std::string text = good_text();
  const std::string largest = text + std::string(declaration_bytes_max - text.size(), ' ');
  CHECK(workflow_of(largest).name == "orders");
  const WorkflowProblem problem = problem_of(largest + ' ');
  CHECK(problem.line == 1);
  CHECK(problem.member.empty());
  CHECK(problem.what == "is longer than 65536 bytes");
}

TEST_CASE("No name that messages use already is an id's member") {
  for (const std::string word :
       {"status", "stage", "stageStatus", "message", "details", "processLog", "timestamp", "id",
        "type", "data", "stages", "snapshot", "until", "lastEventId", "poll", "ticket"}) {
    std::string text = good_text();
    text.replace(text.find("orderId"), 7, word);
    INFO(word);
    CHECK(problem_of(text).what == "is a word of the contract; choose another");
  }
}

TEST_CASE("A declaration that is cut off anywhere is refused") {
  const std::string text = good_text();
  const std::size_t last = text.rfind('}');
  for (std::size_t size = 0; size <= last; ++size) {
    INFO(size);
    REQUIRE(std::holds_alternative<WorkflowProblem>(read_workflow(text.substr(0, size))));
  }
}

TEST_CASE("A problem is shown in one line that controls no terminal") {
  CHECK(describe({.line = 3, .member = "id.kind", .what = "is missing"}, "a.json") ==
        "a.json:3: id.kind: is missing");
  CHECK(describe({.line = 1, .member = {}, .what = "is no valid JSON"}, "a.json") ==
        "a.json:1: is no valid JSON");
  const WorkflowProblem problem =
      problem_of("{\"\\u001b[2J\\n" + std::string(1'000, 'x') + "\": 1}");
  const std::string line = describe(problem, "evil\x1b.json");
  CHECK(line.find("evil\\u001b.json:1: \\u001b[2J\\u000axxx") == 0);
  CHECK(line.size() < 500);
}

TEST_CASE("A file that can't be read says why") {
  const auto missing = read_workflow_file((folder / "no_such_file.json").string());
  CHECK(describe(std::get<WorkflowProblem>(missing), "a.json") ==
        "a.json: can't be read: No such file or directory");
  const auto directory = read_workflow_file(folder.string());
  CHECK(std::get<WorkflowProblem>(directory).what == "can't be read: it is no file");
}

TEST_CASE("Workflows of one gateway share neither name nor channel nor path") {
  const Workflow first = workflow_of(good_text());
  Workflow second = registration_workflow();
  const auto conflict_of = [&](const Workflow& third) {
    return find_conflict(std::vector{first, second, third});
  };
  CHECK_FALSE(find_conflict({}));
  CHECK_FALSE(find_conflict(std::vector{first, second}));
  CHECK(find_conflict(std::vector{first, first}) ==
        WorkflowConflict{.first = 0, .second = 1, .member = "name"});

  Workflow third;
  third.name = "other";
  third.channel = "c";
  third.stream_path = "/s";
  third.updates_path = "/{id}";
  CHECK_FALSE(conflict_of(third));
  third.channel = second.channel;
  CHECK(conflict_of(third) == WorkflowConflict{.first = 1, .second = 2, .member = "channel"});
  third.channel = "c";
  third.stream_path = first.stream_path;
  CHECK(conflict_of(third) == WorkflowConflict{.first = 0, .second = 2, .member = "paths.stream"});
  third.stream_path = "/s";
  third.updates_path = second.updates_path;
  CHECK(conflict_of(third) == WorkflowConflict{.first = 1, .second = 2, .member = "paths.updates"});
}
