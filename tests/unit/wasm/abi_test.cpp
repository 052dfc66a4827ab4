#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <regstream/workflow/registration.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "abi.hpp"
#include "wasm/call_program.hpp"
#include "wasm/records_read.hpp"

using namespace regstream;
using namespace regstream::abi;

namespace {

std::uint32_t put_in(std::string_view text) {
  std::copy(text.begin(), text.end(), input(static_cast<std::uint32_t>(text.size())));
  return static_cast<std::uint32_t>(text.size());
}

/// The built-in workflow, as the package passes it to the module.
std::uint32_t registrations() {
  const Workflow& workflow = registration_workflow();
  std::string text = "id integer " + workflow.id_member + "\ninfer 1\nstage_update " +
                     workflow.stage_update_status + '\n';
  for (const WorkflowStatus& status : workflow.statuses) {
    const std::string_view kind = status.kind == StatusKind::open    ? "open "
                                  : status.kind == StatusKind::final ? "final "
                                                                     : "failed ";
    text.append("status ").append(kind).append(status.name).append("\n");
  }
  for (const WorkflowStage& stage : workflow.stages) {
    text.append("stage ").append(stage.name).append("\n");
  }
  const std::uint32_t handle = workflow_create(put_in(text));
  REQUIRE(handle != 0);
  return handle;
}

/// Options of a client; its stream follows `ids`, each ended by a line feed.
struct Made {
  std::string_view ids = "42\n";
  std::string_view last_event_id = {};
  bool ends = false;
  std::uint32_t policy = 0;
};

std::uint32_t make_client(std::uint32_t workflow, const Made& made = {}) {
  put_in(std::string(made.ids).append(made.last_event_id));
  return client_create(workflow, made.policy, 1, 2, 0, made.ends ? 1 : 0,
                       static_cast<std::uint32_t>(made.ids.size()),
                       static_cast<std::uint32_t>(made.last_event_id.size()));
}

/// A client whose stream is open, as attempt 1.
class OpenClient {
 public:
  explicit OpenClient(std::string_view last_event_id = {}, std::string_view view = {})
      : OpenClient(registrations(), {.last_event_id = last_event_id}, view) {}

  OpenClient(std::uint32_t workflow, const Made& made, std::string_view view = {})
      : handle_(make_client(workflow, made)) {
    REQUIRE(handle_ != 0);
    if (!view.empty()) {
      put_in(std::string(made.ids).append(view));
      client_restore(handle_, static_cast<std::uint32_t>(made.ids.size()),
                     static_cast<std::uint32_t>(view.size()));
    }
    client_connect(handle_, 0);
    REQUIRE(actions() == std::vector{ActionKind::state_changed, ActionKind::open});
    client_response(handle_, 1, 200, 1, 0, -1, 0);
    REQUIRE(actions() == std::vector{ActionKind::state_changed});
  }
  OpenClient(const OpenClient&) = delete;
  OpenClient& operator=(const OpenClient&) = delete;
  ~OpenClient() { client_destroy(handle_); }

  [[nodiscard]] std::uint32_t handle() const { return handle_; }

  std::vector<ActionKind> actions() {
    std::vector<ActionKind> kinds;
    while (const std::uint32_t kind = client_poll(handle_)) {
      kinds.push_back(static_cast<ActionKind>(kind));
    }
    return kinds;
  }

  read::Batch bytes(std::string_view text) {
    return read::batch(client_bytes(handle_, 1, put_in(text), 1));
  }

  read::Batch event(std::string_view data) {
    return read::batch(client_event(handle_, 1, -1, put_in(data), 1));
  }

 private:
  std::uint32_t handle_;
};

std::string block(std::string_view id, std::string_view data) {
  return std::string("id: ").append(id).append("\ndata: ").append(data).append("\n\n");
}

/// The parts of `text`, without empty ones.
std::vector<std::string> split(const std::string& text, char separator) {
  std::istringstream rest(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(rest, part, separator);) {
    if (!part.empty()) {
      parts.push_back(part);
    }
  }
  return parts;
}

/// The lines of the fuzzer's programs.
std::vector<std::vector<std::string>> corpus() {
  std::vector<std::vector<std::string>> programs;
  for (const auto& entry : std::filesystem::directory_iterator(REGSTREAM_ABI_CORPUS)) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    programs.push_back(split(text.str(), '\n'));
  }
  std::sort(programs.begin(), programs.end());
  return programs;
}

constexpr std::string_view first =
    R"({"type":"update","data":{"registrationId":42,"status":"PENDING","stage":"duplicate_check",)"
    R"("stageStatus":"completed","message":"ደንበኛ 😀","timestamp":5,"by":"ops"}})";
constexpr std::string_view second =
    R"({"type":"update","data":{"registrationId":42,"status":"ON HOLD","message":"a \"b\"",)"
    R"("details":{"n":1},"processLog":[2],"timestamp":6,"id":"7-8"}})";

}  // namespace

TEST_CASE("a batch has records of its messages and of the view with their text") {
  OpenClient client;
  const read::Batch batch = client.bytes(block("7-7", first) + block("é7-8", second));

  REQUIRE(batch.messages.size() == 2);
  const read::Message& stage = batch.messages[0];
  CHECK(stage.record.kind == MessageKind::update);
  CHECK(stage.record.instance_id == 42);
  CHECK(stage.text_id.empty());
  CHECK(stage.record.timestamp_ms == 5);
  CHECK(stage.record.epoch == 0);
  CHECK(stage.record.known_status == 1);
  CHECK(stage.record.known_stage == 1);
  CHECK(stage.record.stage_status == StageStatus::completed);
  CHECK(stage.message == "ደንበኛ 😀");
  CHECK(stage.cursor == "7-7");
  CHECK(stage.json == R"({"by":"ops"})");

  const read::Message& status = batch.messages[1];
  CHECK(status.record.epoch == 7);
  CHECK(status.record.sequence == 8);
  CHECK(status.record.known_status == 0);
  CHECK(status.status == "ON HOLD");
  CHECK(status.message == R"(a "b")");
  CHECK(status.cursor == "é7-8");
  CHECK(status.json == R"({"details":{"n":1},"processLog":[2]})");
  CHECK(batch.cursor_at_end == "é7-8");

  REQUIRE(batch.views.size() == 1);
  CHECK(batch.views[0].record.instance_id == 42);
  CHECK(batch.views[0].record.timestamp_ms == 6);
  CHECK(batch.views[0].status == "ON HOLD");
  CHECK(batch.views[0].stage == "duplicate_check");
  CHECK(batch.views[0].message == R"(a "b")");
  CHECK(batch.views[0].id == "7-8");
  CHECK(batch.views[0].details == R"({"n":1})");
  CHECK(batch.views[0].process_log == "[2]");
  CHECK(batch.views[0].record.stages_done == 1);
  CHECK(batch.views[0].record.stages_total == 4);
  REQUIRE(batch.views[0].stages.size() == 1);
  CHECK(batch.views[0].stages[0].name == "duplicate_check");
  CHECK(batch.views[0].stages[0].message == "ደንበኛ 😀");
  CHECK(batch.views[0].stages[0].record.ended_timestamp_ms == 5);
}

TEST_CASE("a view is restored by the next client") {
  OpenClient next(
      "7-8", R"({"registrationId":42,"status":"FAILED","details":{"n":1.0},"processLog":[2]})");
  const read::Batch reset = next.event(R"({"type":"reset","timestamp":1})");
  REQUIRE(reset.views.size() == 1);
  CHECK(reset.views[0].status == "FAILED");
  CHECK(reset.views[0].record.has_gap);
  CHECK(reset.views[0].details == R"({"n":1.0})");
  CHECK(reset.views[0].process_log == "[2]");
}

TEST_CASE("an unreadable view leaves a gap and its history is lost") {
  for (const std::string_view text :
       {"{", "[]", R"({"status":"FAILED"})", R"({"registrationId":43,"status":"FAILED"})"}) {
    CAPTURE(text);
    OpenClient client("7-8", text);
    const read::Batch batch = client.event(R"({"type":"ping"})");
    REQUIRE(batch.views.size() == 1);
    CHECK(batch.views[0].status.empty());
    CHECK(batch.views[0].record.instance_id == 42);
    CHECK(batch.views[0].record.has_gap);
    CHECK(batch.views[0].record.has_lost_history);
    const read::Batch next = client.event(first);
    REQUIRE(next.views.size() == 1);
    CHECK(next.views[0].record.has_gap);
  }
  OpenClient fresh("7-8");
  CHECK(fresh.event(R"({"type":"ping"})").views.empty());
}

TEST_CASE("an id that no double holds or that looks like none is in the record's json") {
  OpenClient client;
  for (const std::string_view id : {"0-5", "1-18446744073709551615", "9007199254740992-0"}) {
    const std::string update =
        R"({"registrationId":42,"status":"PENDING","id":")" + std::string(id);
    const read::Batch batch = client.event(R"({"type":"update","data":)" + update + "\"}}");
    REQUIRE(batch.messages.size() == 1);
    CHECK(batch.messages[0].record.epoch == 0);
    CHECK(batch.messages[0].json == "{\"id\":\"" + std::string(id) + "\"}");
  }
}

TEST_CASE("a batch belongs to the module and the next call that makes one replaces it") {
  OpenClient one;
  OpenClient other;
  (void)one.bytes(block("7-7", first) + block("7-8", second));
  const Result before = *result();
  CHECK(other.bytes(":\n").cursor_at_end.empty());
  CHECK(result()->json.size == 0);
  CHECK(result()->cursors.address == before.cursors.address);
  const std::uint32_t parser = parser_create(1, 1, 1, 0);
  const read::Events events = read::events(parser_push(parser, put_in("data\n\n")));
  CHECK(events.skipped.size() == 1);
  CHECK(one.bytes(block("7-9", first)).messages.size() == 1);
  CHECK(parser_push(parser, put_in(":\n")) == 0);
  CHECK(result()->skipped_count == 0);
  parser_destroy(parser);
}

TEST_CASE(
    "a gap before anything is known is a view without a status and the next client restores it") {
  OpenClient client;
  const read::Batch reset = client.event(R"({"type":"reset","timestamp":1})");
  REQUIRE(reset.views.size() == 1);
  CHECK(reset.views[0].status.empty());
  CHECK(reset.views[0].record.instance_id == 42);
  CHECK(reset.views[0].record.has_gap);
  CHECK(reset.views[0].record.has_lost_history);

  OpenClient next("8-0", R"({"registrationId":42,"hasGap":true,"hasLostHistory":true})");
  const read::Batch first_update = next.event(first);
  REQUIRE(first_update.views.size() == 1);
  CHECK(first_update.views[0].status == "PENDING");
  CHECK(first_update.views[0].record.has_gap);
  CHECK_FALSE(first_update.views[0].record.has_lost_history);
}

TEST_CASE("a batch without news has no view and keeps the cursor") {
  OpenClient client(registrations(), {.ids = ""});
  const read::Batch batch = client.bytes(block("7-7", first));
  CHECK(batch.messages.size() == 1);
  CHECK(batch.views.empty());
  CHECK(client.bytes(":\n").cursor_at_end == "7-7");
  CHECK(client.bytes("id: 7-9\n\n").cursor_at_end == "7-9");
}

TEST_CASE("an id is stored once for consecutive messages that have it") {
  OpenClient client;
  const std::string id(4000, 'i');
  const std::string ping = "data: {\"type\":\"ping\"}\n\n";
  const read::Batch batch = client.bytes("id: " + id + '\n' + ping + ping + "id: 7-1\n" + ping);
  REQUIRE(batch.messages.size() == 3);
  CHECK(batch.messages[0].cursor == id);
  CHECK(batch.messages[1].cursor == id);
  CHECK(batch.messages[2].cursor == "7-1");
  CHECK(batch.cursor_at_end == "7-1");
  CHECK(result()->cursors.size == id.size() + 3);
  // For a batch without an event, and for one that clears the id.
  CHECK(client.bytes(":\n").cursor_at_end == "7-1");
  CHECK(client.bytes("id\n" + ping).messages[0].cursor.empty());
}

TEST_CASE("bytes of a stream are accepted up to a limit") {
  OpenClient client;
  const std::string blanks(bytes_limit() + 1, '\n');
  const std::uint32_t size = put_in(blanks);
  CHECK(client_bytes(client.handle(), 1, size, 1) == -1);
  CHECK(client_bytes(client.handle(), 1, size - 1, 1) == 0);
}

TEST_CASE("parsers return events and skipped events") {
  put_in("é1");
  const std::uint32_t parser = parser_create(16, 16, 16, 3);
  REQUIRE(parser != 0);
  parser_last_event_id(parser);
  CHECK(read::result_text() == "é1");
  const read::Events events = read::events(parser_push(
      parser,
      put_in("data: 😀\n\nid: 2\ndata: far beyond sixteen\n\nevent: x\ndata: b\n\nretry: 9\n")));
  REQUIRE(events.events.size() == 2);
  CHECK(events.events[0].type.empty());
  CHECK(events.events[0].data == "😀");
  CHECK(events.events[0].last_event_id == "é1");
  CHECK(events.events[1].type == "x");
  CHECK(events.events[1].last_event_id == "2");
  REQUIRE(events.skipped.size() == 1);
  CHECK(events.skipped[0].record.before == 1);
  CHECK(events.skipped[0].record.reason == 0);
  CHECK(events.skipped[0].last_event_id == "2");
  CHECK(parser_retry(parser) == 9);
  parser_destroy(parser);
  CHECK(parser_retry(parser) == -1);
}

TEST_CASE("a handle that was freed or forged or belongs to a later object finds nothing") {
  const std::uint32_t gone = make_client(registrations());
  client_destroy(gone);
  OpenClient client;
  REQUIRE(client.handle() != gone);
  for (const std::uint32_t handle : {0U, gone, client.handle() + 1, 0xffffU, 0xffffffffU}) {
    CAPTURE(handle);
    client_connect(handle, 0);
    client_destroy(handle);
    CHECK(client_poll(handle) == 0);
    CHECK(client_deadline(handle) == std::numeric_limits<double>::infinity());
    CHECK(client_event(handle, 1, 0, 0, 0) == -1);
    CHECK(client_bytes(handle, 1, 0, 0) == -1);
    CHECK(parser_push(handle, 0) == 0);
  }
  CHECK(client.event(first).messages.size() == 1);
}

TEST_CASE("there is room for 256 clients and 256 parsers and a slot is used again") {
  std::vector<std::uint32_t> clients;
  std::vector<std::uint32_t> parsers;
  const std::uint32_t workflow = registrations();
  while (const std::uint32_t client = make_client(workflow)) {
    clients.push_back(client);
  }
  while (const std::uint32_t parser = parser_create(1, 1, 1, 0)) {
    parsers.push_back(parser);
  }
  CHECK(clients.size() == 256);
  CHECK(parsers.size() == 256);
  client_destroy(clients.front());
  clients.front() = make_client(workflow);
  CHECK(clients.front() != 0);
  for (std::size_t index = 0; index < clients.size(); ++index) {
    client_destroy(clients[index]);
    parser_destroy(parsers[index]);
  }
}

TEST_CASE("a client with invalid options is refused") {
  const std::uint32_t workflow = registrations();
  for (const std::string_view id : {"0\n", "-1\n", "1.5\n", "9007199254740992\n", "x\n", "\n",
                                    "99999999999999999999999\n", "42\nx\n"}) {
    CAPTURE(id);
    CHECK(make_client(workflow, {.ids = id}) == 0);
  }
  CHECK(make_client(workflow, {.policy = 2}) == 0);
  CHECK(make_client(workflow, {.ids = "42\n43\n", .ends = true}) == 0);
  CHECK(make_client(workflow, {.ids = "", .ends = true}) == 0);
  CHECK(make_client(0) == 0);
  CHECK(make_client(65) == 0);
  input(4);
  CHECK(client_create(workflow, 0, 1, 2, 0, 0, 0, 5) == 0);
  CHECK(client_create(workflow, 0, 1, 2, 0, 0, 4, 0xffffffff) == 0);
}

TEST_CASE("no argument of any call does harm") {
  // The fuzzer's programs, each followed by random lines of any of them, with half of the numbers
  // replaced.
  const std::vector<std::vector<std::string>> programs = corpus();
  REQUIRE(programs.size() > 5);
  std::vector<std::string> lines;
  for (const auto& program : programs) {
    lines.insert(lines.end(), program.begin(), program.end());
  }
  const std::vector<std::string> numbers = split(
      "0 1 2 3 -1 0.5 nan inf -inf 1e300 -1e300 2147483648 4294967295 4294967296 "
      "9007199254740991 9223372036854775807 4202497 1e-320",
      ' ');
  std::mt19937 random(1);
  const auto choice = [&random](const auto& choices) { return choices[random() % choices.size()]; };
  for (std::size_t round = 0; round < 320; ++round) {
    CallProgram program;
    for (const std::string& line : programs[round % programs.size()]) {
      REQUIRE_NOTHROW(program.run_line(line));
    }
    for (int call = 0; call < 40; ++call) {
      const std::string line = choice(lines);
      const std::size_t bar = std::min(line.find('|'), line.size());
      std::string changed(line.substr(0, 1));
      for (const std::string& number : split(line.substr(1, bar - 1), ' ')) {
        changed.append(" ").append(random() % 2 == 0 ? number : choice(numbers));
      }
      changed.append(line.substr(bar));
      INFO("round " << round << ": " << changed);
      REQUIRE_NOTHROW(program.run_line(changed));
    }
    REQUIRE_NOTHROW(program.finish());
  }
}
