#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "abi.hpp"
#include "wasm/records_read.hpp"

using namespace regstream;
using namespace regstream::abi;

namespace {

std::uint32_t put_in(std::string_view text) {
  std::copy(text.begin(), text.end(), input(static_cast<std::uint32_t>(text.size())));
  return static_cast<std::uint32_t>(text.size());
}

constexpr std::string_view imports =
    "id text batch\ninfer 0\nstage_update RUNNING\nstatus open RUNNING\nstatus final DONE\n"
    "status failed BROKEN\nstage read rows\nstage check\n";

/// A client of the imports workflow, and its transport's pending work.
class ImportClient {
 public:
  explicit ImportClient(std::string_view ids, bool ends = false) {
    const std::uint32_t workflow = workflow_create(put_in(imports));
    handle_ = client_create(workflow, 0, 1, 2, 0, ends ? 1 : 0, put_in(ids), 0);
    REQUIRE(handle_ != 0);
    client_connect(handle_, 0);
    run();
    accept();
  }
  ImportClient(const ImportClient&) = delete;
  ImportClient& operator=(const ImportClient&) = delete;
  ~ImportClient() { client_destroy(handle_); }

  void accept() {
    client_response(handle_, attempt, 200, 1, 0, -1, now);
    run();
  }
  bool follow(std::string_view ids) { return client_follow(handle_, put_in(ids), now) == 1; }
  void handle_deadline() {
    now = client_deadline(handle_);
    client_handle_deadline(handle_, now);
    run();
  }
  read::Batch receive(std::string_view stream) {
    const read::Batch batch = read::batch(client_bytes(handle_, attempt, put_in(stream), now));
    run();
    return batch;
  }

  std::uint32_t attempt = 0;
  int opened = 0;
  std::string query;
  std::uint32_t state = 0;
  std::uint32_t reason = 0;
  bool is_connected = false;
  double now = 0;

 private:
  void run() {
    while (const std::uint32_t kind = client_poll(handle_)) {
      if (kind == static_cast<std::uint32_t>(ActionKind::open)) {
        attempt = result()->attempt;
        query = read::result_query();
        ++opened;
      } else if (kind == static_cast<std::uint32_t>(ActionKind::state_changed)) {
        state = result()->to;
        reason = result()->reason;
        is_connected = result()->is_connected != 0;
      }
    }
  }

  std::uint32_t handle_ = 0;
};

std::string update(std::string_view batch, std::string_view id, std::string_view rest) {
  return std::string("id: ")
      .append(id)
      .append(R"(
data: {"type":"update","data":{"batch":")")
      .append(batch)
      .append(R"(","id":")")
      .append(id)
      .append("\",")
      .append(rest)
      .append("}}\n\n");
}

}  // namespace

TEST_CASE("a workflow is read from lines and the same text gives the same workflow") {
  const std::uint32_t handle = workflow_create(put_in(imports));
  CHECK(handle != 0);
  CHECK(workflow_create(put_in(imports)) == handle);
  for (const std::string_view text :
       {"", "id integer\n", "id real x\n", "id integer x\nstatus done DONE\n",
        "id integer x\nstatus open\n", "id integer x\nstage\n", "id integer x\ninfer 2\n",
        "id integer x\nmore\n", "stage s\n"}) {
    CAPTURE(text);
    CHECK(workflow_create(put_in(text)) == 0);
  }
  std::string many = "id integer x\n";
  for (int index = 0; index < 65; ++index) {
    many += "stage s\n";
  }
  CHECK(workflow_create(put_in(many)) == 0);
  CHECK(workflow_create(put_in(std::string(imports) + std::string(64U << 10U, '\n'))) == 0);
}

TEST_CASE("records refer to declared names by index and have text ids as text") {
  ImportClient client("ä b\n");
  const read::Batch batch =
      client.receive(update("ä b", "7-1", R"("status":"DONE","stage":"check")") +
                     update("ä b", "7-2", R"("status":"PAUSED","stage":"read")"));
  REQUIRE(batch.messages.size() == 2);
  CHECK(batch.messages[0].text_id == "ä b");
  CHECK(batch.messages[0].record.instance_id == 0);
  CHECK(batch.messages[0].record.known_status == 2);
  CHECK(batch.messages[0].record.known_stage == 2);
  CHECK(batch.messages[1].record.known_status == 0);
  CHECK(batch.messages[1].status == "PAUSED");
  CHECK(batch.messages[1].stage == "read");
  REQUIRE(batch.views.size() == 1);
  CHECK(batch.views[0].text_id == "ä b");
  CHECK(batch.views[0].status == "DONE");  // A late stage does not change the outcome.
  CHECK(batch.views[0].stages.size() == 2);
}

TEST_CASE("a batch has the views of all instances that it changed with their stages") {
  ImportClient client("a\nb\nc\n");
  const read::Batch batch = client.receive(
      update("c", "7-1", R"("status":"RUNNING","stage":"check")") +
      update("a", "7-2", R"("status":"RUNNING","stage":"read rows","details":{"n":1})"));
  REQUIRE(batch.views.size() == 2);
  CHECK(batch.views[0].text_id == "a");
  CHECK(batch.views[0].stages[0].name == "read rows");
  CHECK(batch.views[0].details == R"({"n":1})");
  CHECK(batch.views[1].text_id == "c");
  CHECK(batch.views[1].stages[0].name == "check");
  CHECK(client.receive(":\n").views.empty());
  const read::Batch reset = client.receive("data: {\"type\":\"reset\"}\n\n");
  CHECK(reset.views.size() == 3);
  CHECK(reset.views[1].status.empty());
  CHECK(reset.views[1].record.has_gap);
}

TEST_CASE("changed ids are requested after a frame and the client stays connected") {
  ImportClient client("a\n");
  CHECK(client.query == "batch=a");
  (void)client.receive(update("a", "7-1", R"("status":"RUNNING")"));
  client.now = 5000;
  CHECK(client.follow("a\nb/c\n"));
  CHECK(client.opened == 1);
  client.handle_deadline();
  CHECK(client.opened == 2);
  CHECK(client.query == "batch=a&batch=b%2Fc&snapshot=b%2Fc");
  CHECK(client.is_connected);
  CHECK_FALSE(client.follow(""));
  CHECK_FALSE(client.follow("*\n"));
  CHECK_FALSE(client.follow("\n"));
}

TEST_CASE("a stream until the final status reports its end and closes itself") {
  ImportClient client("a\n", true);
  CHECK(client.query == "batch=a&until=final");
  const read::Batch batch =
      client.receive(update("a", "7-9", R"("status":"DONE")") +
                     "id: 7-9-end\ndata: {\"type\":\"end\",\"id\":\"7-9\",\"timestamp\":1}\n\n");
  REQUIRE(batch.messages.size() == 2);
  CHECK(batch.messages[1].record.kind == MessageKind::end);
  CHECK(batch.messages[1].record.epoch == 7);
  CHECK(batch.messages[1].record.sequence == 9);
  CHECK(batch.cursor_at_end == "7-9-end");
  CHECK(client.state == static_cast<std::uint32_t>(ConnectionState::closed));
  CHECK(client.reason == static_cast<std::uint32_t>(ConnectionReason::finished));
  CHECK_FALSE(client.is_connected);
}

TEST_CASE("the query size of a stream is known before it is opened") {
  const std::uint32_t workflow = workflow_create(put_in(imports));
  CHECK(query_size(workflow, 0, put_in("a\nb\n")) ==
        std::string_view("batch=a&snapshot=a&batch=b&snapshot=b").size());
  CHECK(query_size(workflow, 1, put_in("a\n")) > 0);
  CHECK(query_size(workflow, 1, put_in("a\nb\n")) == 0);
  CHECK(query_size(0, 0, put_in("a\n")) == 0);
  CHECK(query_size(workflow, 0, put_in("")) == 0);
  std::string ids;
  for (int index = 1; index <= 100; ++index) {
    ids += std::to_string(index) + '\n';
  }
  CHECK(query_size(workflow, 0, put_in(ids)) > 0);
  CHECK(query_size(workflow, 0, put_in(ids + "101\n")) == 0);
  CHECK(query_size(workflow, 0, put_in(std::string(128, 'x') + '\n')) > 0);
  CHECK(query_size(workflow, 0, put_in(std::string(129, 'x') + '\n')) == 0);
}
