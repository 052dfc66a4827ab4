#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "harness/scenario_reader.hpp"

using namespace regstream;
using namespace regstream::harness;

namespace {

Scenario scenario_of(std::string_view text) {
  auto result = read_scenario(text);
  if (const auto* const problem = std::get_if<JsonProblem>(&result)) {
    FAIL(problem->line << ": " << problem->field << ": " << problem->what);
  }
  return std::get<Scenario>(std::move(result));
}

JsonProblem problem_of(std::string_view text) {
  const auto result = read_scenario(text);
  REQUIRE(std::holds_alternative<JsonProblem>(result));
  return std::get<JsonProblem>(result);
}

// A step in the third line of a scenario.
std::string with_step(const std::string& step) {
  return "{ \"connections\": [ {\n  \"steps\": [\n    " + step + "\n] } ] }";
}

StepAction action_of(const std::string& step) {
  return scenario_of(with_step(step)).connections.at(0)->steps->at(0).action;
}

std::string bytes_of(const std::string& step) {
  return std::get<SendBytes>(action_of(step)).bytes;
}

}  // namespace

TEST_CASE("A scenario is read as written") {
  const Scenario scenario = scenario_of(R"({
    "description": "all of it",
    "connections": [
      { "when": { "method": "GET", "path": "/a b", "lastEventId": null, "headers": { "X-One": "1" } },
        "times": 2,
        "answer": { "after": "1s", "status": 201, "headers": { "X-Two": "2" }, "framing": "chunked" },
        "steps": [ { "after": "250ms", "comment": "" }, { "end": true } ] },
      { "answer": "reset" }
    ],
    "default": { "answer": { "status": 410, "body": "gone" } }
  })");
  CHECK(scenario.description == "all of it");
  REQUIRE(scenario.connections.size() == 2);
  const Script& first = *scenario.connections[0];
  CHECK(first.name == "connections[0]");
  CHECK(first.when.method == "GET");
  CHECK(first.when.path == "/a b");
  CHECK(first.when.last_event_id == "");
  CHECK(first.when.headers.at(0).name == "X-One");
  CHECK(first.times == 2);
  const Answer& answer = std::get<Answer>(first.answer);
  CHECK(answer.after == Duration(1000));
  CHECK(answer.status == 201);
  CHECK(answer.headers.at(0).value == "2");
  CHECK(answer.framing == Framing::chunked);
  REQUIRE(first.steps->size() == 2);
  CHECK(first.steps->at(0).after == Duration(250));
  CHECK(std::get<Refusal>(scenario.connections[1]->answer) == Refusal::reset);
  CHECK(std::get<Answer>(scenario.fallback->answer).status == 410);
  CHECK_FALSE(scenario.fallback->steps);
}

TEST_CASE("A request that no script matches gets 404 unless the scenario says otherwise") {
  const Scenario scenario = scenario_of(R"({"connections": []})");
  CHECK(std::get<Answer>(scenario.fallback->answer).status == 404);
}

TEST_CASE("Steps that send are encoded as the gateway does") {
  CHECK(bytes_of(R"({"update": {"registrationId": 42, "status": "PENDING", "extra": 1.50,
                     "id": "1702492000000-3"}})") ==
        "id: 1702492000000-3\ndata: {\"type\":\"update\",\"data\":{\"registrationId\":42,"
        "\"status\":\"PENDING\",\"extra\":1.5,\"id\":\"1702492000000-3\"}}\n\n");
  CHECK(bytes_of(R"({"event": {"data": "a\nb", "type": "t", "id": "7"}})") ==
        "event: t\nid: 7\ndata: a\ndata: b\n\n");
  CHECK(bytes_of(R"({"retry": "2s"})") == "retry: 2000\n\n");
  CHECK(bytes_of(R"({"raw": "data: x\r"})") == "data: x\r");
  CHECK(bytes_of(R"({"hex": "ef BB00"})") == std::string("\xef\xbb\0", 3));
  CHECK(bytes_of(R"({"filler": 3})") == "xxx");
  CHECK(std::get<SendControl>(action_of(R"({"control": "reset", "id": "7"})")).id == "7");
  CHECK(std::get<SetChunks>(action_of(R"({"chunk": {"bytes": 7, "every": "1ms"}})")).bytes == 7);
  CHECK(std::get<Break>(action_of(R"({"cut": {"afterBytes": 120}})")).after_bytes == 120);
  CHECK(std::get<Break>(action_of(R"({"reset": true})")).kind == BreakKind::reset);
  CHECK(std::get<SetPings>(action_of(R"({"pings": "30s"})")).every == Duration(30'000));
  CHECK_FALSE(std::get<SetPings>(action_of(R"({"pings": false})")).every);
}

TEST_CASE("A mistake in a step names its line and its field and what would be right") {
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {R"({"after": "2 sec", "end": true})", ".after must be a duration such as"},
      {R"({"after": 2, "end": true})", ".after must be a duration such as"},
      {R"({"after": "1000000000ms", "end": true})", ".after must be a duration such as"},
      {R"({"after": "25h", "end": true})", ".after must not be longer than 24h"},
      {R"({"afer": "2s", "end": true})", ".afer is not known here; known are after, id, update"},
      {R"({"after": "2s"})", " does nothing: it needs one of update"},
      {R"({"end": false})", ".end must be true; leave it out otherwise"},
      {R"({"end": true, "silence": true})", ".end can't share a step with silence"},
      {R"({"raw": "x", "cut": true})", ".cut can't share a step with raw"},
      {R"({"update": {"status": "PENDING"}})", ".update is not an update (send other data with"},
      {R"({"event": {"data": "x", "id": "a\nb"}})", ".event has an id or a type with a line end"},
      {R"({"event": {"data": 1}})", ".event.data must be a string"},
      {R"({"control": "hello"})", ".control must be \"connected\", \"ping\" or \"reset\""},
      {R"({"control": "ping", "id": "\u0000"})", ".id has an id or a type with a line end"},
      {R"({"retry": "1s", "id": "7"})", ".id goes with \"update\""},
      {R"({"hex": "ef b"})", ".hex ends within a byte"},
      {R"({"hex": "e f"})", ".hex must be bytes of two hex digits each"},
      {R"({"filler": 0})", ".filler must be a whole number from 1"},
      {R"({"filler": 6291457})", ".filler must be a whole number from 1 to 6291456"},
      {R"({"chunk": -1})", ".chunk must be a whole number from 0"},
      {R"({"chunk": {"every": "1s"}})", ".chunk needs \"bytes\""},
      {R"({"chunk": {"bytes": 0}})", ".chunk.bytes must be a whole number from 1"},
      {R"({"pings": "99ms"})", ".pings must not come more often"},
      {R"({"cut": {}})", ".cut needs \"afterBytes\""},
      {R"(7)", " must be an object"},
  };
  for (const auto& [step, expected] : mistakes) {
    const JsonProblem problem = problem_of(with_step(step));
    CAPTURE(step, problem.field, problem.what);
    CHECK(problem.line == 3);
    CHECK((problem.field + " " + problem.what).find("connections[0].steps[0]" + expected) == 0);
  }
}

TEST_CASE("A mistake elsewhere names its field as well") {
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {R"([])", " must be an object"},
      {R"({})", " needs \"connections\""},
      {R"({"connections": {}})", "connections must be an array"},
      {R"({"connections": [{}]})", "connections[0] needs \"answer\", \"steps\" or both"},
      {R"({"connections": [{"times": 0, "steps": []}]})",
       "connections[0].times must be a whole number from 1"},
      {R"({"connections": [{"steps": []}, {"steps": []}]})", "connections[1] is never reached"},
      {R"({"connections": [{"steps": [{"end": true}, {"end": true}]}]})",
       "connections[0].steps[1] is never reached"},
      {R"({"connections": [{"answer": "rest"}]})",
       "connections[0].answer must be an object, \"close\" or \"reset\""},
      {R"({"connections": [{"answer": "close", "steps": []}]})",
       "connections[0].steps are never played"},
      {R"({"connections": [{"answer": {"status": 100}}]})",
       "connections[0].answer.status must be a whole number from 200 to 599"},
      {R"({"connections": [{"answer": {"status": 204}, "steps": []}]})",
       "connections[0].steps can't follow an answer that has no body"},
      {R"({"connections": [{"answer": {"body": "x"}, "steps": []}]})",
       "connections[0].steps can't follow an answer with a body"},
      {R"({"connections": [{"answer": {"headers": {"A": "b\nc"}}}]})",
       "connections[0].answer.headers.A has control characters"},
      {R"({"connections": [{"answer": {"headers": {"A b": "c"}}}]})",
       "connections[0].answer.headers.A b has a name"},
      {R"({"connections": [{"answer": {"headers": {"Transfer-Encoding": "chunked"}}}]})",
       "connections[0].answer.headers.Transfer-Encoding is written by"},
      {R"({"connections": [{"answer": {"framing": "gzip"}}]})",
       "connections[0].answer.framing must be \"close\" or \"chunked\""},
      {R"({"connections": [{"when": {"path": "a"}, "steps": []}]})",
       "connections[0].when.path must begin with /"},
      {R"({"connections": [{"when": {"path": "/mock/requests"}, "steps": []}]})",
       "connections[0].when.path belongs to the control API"},
      {R"({"connections": [], "default": {"when": {}}})", "default.when is not known here"},
  };
  for (const auto& [text, expected] : mistakes) {
    const JsonProblem problem = problem_of(text);
    CAPTURE(text, problem.field, problem.what);
    CHECK((problem.field + " " + problem.what).find(expected) == 0);
  }
}
