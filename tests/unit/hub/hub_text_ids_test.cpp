// A hub of a workflow whose ids are text.
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

#include "hub_reading.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

using Ids = std::vector<std::string>;

Workflow make_imports() {
  Workflow imports;
  imports.name = "import";
  imports.id_member = "importId";
  imports.id_kind = IdKind::text;
  imports.statuses = {{"RUNNING", StatusKind::open}, {"DONE", StatusKind::final}};
  imports.stage_update_status = "RUNNING";
  imports.stages = {{"parse", "Parse"}};
  return imports;
}

const Workflow imports = make_imports();

HubOptions import_options(HubOptions options = {}) {
  options.workflow = &imports;
  return options;
}

std::string update_of(const std::string& id, const std::string& status = "RUNNING") {
  return nlohmann::json{{"importId", id}, {"status", status}, {"message", "so it is"}}.dump();
}

std::vector<InstanceId> texts(std::initializer_list<const char*> ids) {
  std::vector<InstanceId> all;
  for (const char* const id : ids) {
    all.emplace_back(std::string(id));
  }
  return all;
}

SubscriptionId subscribe(Hub& hub, SubscriptionRequest request) {
  return hub.subscribe(request, Instant{}, reading_timestamp_ms);
}

Ids owners(const Reading& reading) {
  Ids all;
  for (const nlohmann::json& message : reading.messages) {
    if (message.contains("data")) {
      all.push_back(message["data"].at("importId").get<std::string>());
    }
  }
  return all;
}

}  // namespace

TEST_CASE("Updates of a text id reach its streams and no other's as the texts are") {
  LiveHub hub{import_options()};
  const SubscriptionId all = subscribe(hub, {});
  const SubscriptionId one = subscribe(hub, {.ids = texts({"a"})});
  const SubscriptionId several = subscribe(hub, {.ids = texts({"42", "A", "\xc3\xa5"})});
  for (const char* id : {"a", "A", "\xc3\xa5", "042", "42"}) {
    REQUIRE_FALSE(hub.publish(update_of(id)));
  }
  CHECK(owners(take(hub, all)) == Ids{"a", "A", "\xc3\xa5", "042", "42"});
  CHECK(owners(take(hub, one)) == Ids{"a"});
  CHECK(owners(take(hub, several)) == Ids{"A", "\xc3\xa5", "42"});
  CHECK(hub.publish(R"({"importId":42,"status":"RUNNING"})"));
  CHECK(hub.publish(R"({"registrationId":42,"status":"RUNNING"})"));
}

TEST_CASE("A text id has a snapshot and a cursor and an end") {
  LiveHub hub{import_options()};
  for (const char* id : {"a", "b", "a"}) {
    REQUIRE_FALSE(hub.publish(update_of(id)));
  }
  const Reading late = take(hub, subscribe(hub, {.ids = texts({"b", "a", "c"})}));
  CHECK(late.types() == "connected snapshot snapshot");
  CHECK(owners(late) == Ids{"a", "b"});
  const Reading resumed = take(hub, subscribe(hub, {.ids = texts({"a", "b"}),
                                                    .cursor = LiveHub::id(1),
                                                    .snapshots = texts({"b"})}));
  CHECK(resumed.types() == "connected snapshot update");
  CHECK(owners(resumed) == Ids{"b", "a"});

  const SubscriptionId waits =
      subscribe(hub, {.ids = texts({"a"}), .cursor = LiveHub::id(3), .until_final = true});
  REQUIRE_FALSE(hub.publish(update_of("b", "DONE")));
  REQUIRE_FALSE(hub.publish(update_of("a", "APPROVED")));  // No word of this workflow: open.
  REQUIRE_FALSE(hub.publish(update_of("a", "DONE")));
  CHECK(take(hub, waits).types() == "connected update update end");
  CHECK(take(hub, subscribe(hub, {.ids = texts({"a"}), .until_final = true})).types() ==
        "connected snapshot end");
}

TEST_CASE("A forgotten text id gets its whole state back from the journal") {
  LiveHub hub{import_options({.known_registrations = {.count_max = 1}})};
  REQUIRE_FALSE(hub.publish(update_of("a")));
  REQUIRE_FALSE(hub.publish(update_of("b")));
  CHECK(hub.known_registrations().size() == 1);
  const Reading reading = take(hub, subscribe(hub, {.ids = texts({"a"})}));
  REQUIRE(reading.types() == "connected snapshot");
  CHECK(owners(reading) == Ids{"a"});
}

TEST_CASE("Streams of made-up text ids leave nothing behind") {
  LiveHub hub{import_options()};
  REQUIRE_FALSE(hub.publish(update_of("published")));
  const SubscriptionId stays = subscribe(hub, {.ids = texts({"awaited", "published"})});
  static_cast<void>(take(hub, stays));
  for (int count = 0; count < 10'000; ++count) {
    std::vector<InstanceId> ids;
    for (int id = 0; id < 5; ++id) {
      ids.emplace_back("made up " + std::to_string(5 * count + id));
    }
    hub.unsubscribe(subscribe(hub, {.ids = std::move(ids)}));
    REQUIRE(hub.id_table().size() <= IdTable::unswept_max + 5);
  }
  REQUIRE_FALSE(hub.publish(update_of("awaited")));
  REQUIRE_FALSE(hub.publish(update_of("published")));
  CHECK(owners(take(hub, stays)) == Ids{"awaited", "published"});
}

TEST_CASE("Text ids without messages are swept away unless their state is known") {
  constexpr std::size_t kept = 100;
  LiveHub hub{
      import_options({.journal = {.count_max = kept}, .known_registrations = {.count_max = kept}})};
  const SubscriptionId all = subscribe(hub, {});
  for (int count = 0; count < 20'000; ++count) {
    REQUIRE_FALSE(hub.publish(update_of("import " + std::to_string(count))));
    REQUIRE(hub.id_table().size() <= IdTable::unswept_max);
    static_cast<void>(take(hub, all));
  }
  const Reading newest = take(hub, subscribe(hub, {.ids = texts({"import 19999"})}));
  CHECK(newest.types() == "connected snapshot");
  CHECK(take(hub, subscribe(hub, {.ids = texts({"import 0"})})).types() == "connected");
}

TEST_CASE("Integer ids take no table") {
  LiveHub hub;
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", 1)));
  static_cast<void>(subscribe(hub, {.ids = {43}}));
  CHECK(hub.id_table().size() == 0);
}
