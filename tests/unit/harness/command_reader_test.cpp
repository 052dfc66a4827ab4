#include <variant>

#include <catch2/catch.hpp>

#include "harness/command_reader.hpp"

using namespace regstream;
using namespace regstream::harness;

TEST_CASE("Commands are read by the same rules") {
  const auto sent = read_send_command(R"({"connection": 3, "comment": "x"})");
  CHECK(std::get<SendCommand>(sent).connection == ConnectionNumber{3});
  CHECK(std::get<JsonProblem>(read_send_command(R"({"end": true})")).field == "end");
  CHECK(std::get<JsonProblem>(read_send_command("{}")).what.find("sends nothing") == 0);
  CHECK(std::get<CutCommand>(read_cut_command("")).kind == BreakKind::cut);
  CHECK(std::get<CutCommand>(read_cut_command(R"({"reset": true})")).kind == BreakKind::reset);
  const auto answered = read_answer_command(R"({"status": 503, "times": 2})");
  CHECK(std::get<AnswerCommand>(answered).script.times == 2);
  CHECK(std::get<JsonProblem>(read_answer_command("{}")).what == "needs \"status\"");
  CHECK(std::get<TimeCommand>(read_time_command(R"({"advance": "30s"})")).advance ==
        Duration(30'000));
  CHECK(std::get<JsonProblem>(read_time_command("30s")).line == 1);
}
