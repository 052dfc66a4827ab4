#include "harness/scenario_reader.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "harness/answer_reader.hpp"
#include "harness/step_reader.hpp"
#include "json/field.hpp"

namespace regstream::harness {
namespace {

When read_when(const Field& when) {
  when.expect_object({"method", "path", "lastEventId", "headers"});
  When result;
  if (const auto method = when.member("method")) {
    result.method = method->text();
    if (!is_token(*result.method)) {
      method->fail("is not a method");
    }
  }
  if (const auto path = when.member("path")) {
    result.path = path->text();
    if (result.path->empty() || result.path->front() != '/') {
      path->fail("must begin with /");
    }
    if (result.path->find('?') != std::string::npos) {
      path->fail("must have no query");
    }
    if (*result.path == "/mock" || result.path->rfind("/mock/", 0) == 0) {
      path->fail("belongs to the control API");
    }
  }
  if (const auto id = when.member("lastEventId")) {
    result.last_event_id = id->json().is_null() ? std::string() : id->text();
  }
  if (const auto headers = when.member("headers")) {
    result.headers = read_headers(*headers);
  }
  return result;
}

void read_answer_and_steps(const Field& script, Script& result) {
  if (const auto answer = script.member("answer")) {
    result.answer = read_answer(*answer);
  }
  const auto steps = script.member("steps");
  if (!steps) {
    const auto* const answer = std::get_if<Answer>(&result.answer);
    if (answer != nullptr && !script.member("answer")) {
      script.fail(R"(needs "answer", "steps" or both)");
    }
    return;
  }
  const auto* const answer = std::get_if<Answer>(&result.answer);
  if (answer == nullptr) {
    steps->fail("are never played: the answer closes the connection");
  }
  if (!answer->body.empty()) {
    steps->fail("can't follow an answer with a body of its own");
  }
  if (answer->status == 204 || answer->status == 304) {
    steps->fail("can't follow an answer that has no body by its status");
  }
  result.steps = read_steps(*steps);
}

bool takes_everything(const Script& script) {
  return !script.times && !script.when.method && !script.when.path && !script.when.last_event_id &&
         script.when.headers.empty();
}

Scenario read_whole_scenario(const Field& file) {
  file.expect_object({"description", "connections", "default"});
  Scenario scenario;
  if (const auto description = file.member("description")) {
    scenario.description = description->text();
  }
  const auto connections = file.member("connections");
  if (!connections) {
    file.fail(R"(needs "connections")");
  }
  for (const Field& connection : connections->elements()) {
    if (!scenario.connections.empty() && takes_everything(*scenario.connections.back())) {
      connection.fail(
          "is never reached: the one before it takes every request; give that one "
          R"("when" or "times")");
    }
    connection.expect_object({"when", "times", "answer", "steps"});
    Script script;
    script.name = json_fields::element_field("connections", scenario.connections.size());
    if (const auto when = connection.member("when")) {
      script.when = read_when(*when);
    }
    if (const auto times = connection.member("times")) {
      script.times = times->count(1, times_max);
    }
    read_answer_and_steps(connection, script);
    scenario.connections.push_back(std::make_shared<const Script>(std::move(script)));
  }
  Script fallback;
  fallback.name = "default";
  fallback.answer = Answer{.after = Duration(0), .status = 404, .headers = {}, .body = {}};
  if (const auto given = file.member("default")) {
    given->expect_object({"answer", "steps"});
    fallback.answer = Answer{};
    read_answer_and_steps(*given, fallback);
  }
  scenario.fallback = std::make_shared<const Script>(std::move(fallback));
  return scenario;
}

}  // namespace

std::variant<Scenario, JsonProblem> read_scenario(std::string_view text) {
  return json_fields::read_fields<Scenario>(text, read_whole_scenario);
}

}  // namespace regstream::harness
