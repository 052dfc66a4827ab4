#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <regstream/message/codec.hpp>
#include <regstream/session/event_session.hpp>
#include <regstream/session/stream_session.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace regstream;

namespace {

constexpr ResponseHead accepting{.status = 200, .is_event_stream = true, .retry_after = {}};
constexpr std::array<std::int64_t, 1> only_42{42};
constexpr Instant now{};

/// The transport that the session opened last; other actions are carried out.
struct Shell {
  template <typename Session>
  void run(Session& session) {
    while (const auto action = session.poll_action()) {
      if (const auto* const open = std::get_if<OpenTransport>(&*action)) {
        attempt = open->attempt;
        resumed_from = open->last_event_id;
      }
    }
  }
  template <typename Session>
  void open(Session& session) {
    REQUIRE(session.connect(now));
    run(session);
    REQUIRE(session.on_response(attempt, accepting, now));
    run(session);
  }
  /// The stream breaks, and opens again.
  template <typename Session>
  void reopen(Session& session) {
    REQUIRE(session.on_end(attempt, TransportEnd::failed, now));
    run(session);
    session.handle_deadline(*session.next_deadline());
    run(session);
    REQUIRE(session.on_response(attempt, accepting, now));
    run(session);
  }

  AttemptId attempt{};
  std::string resumed_from;
};

/// A message, with copies of its views.
struct Received {
  MessageKind kind{};
  bool view_changed = false;
  std::string last_event_id;
  std::string problem;
};

std::vector<Received> poll_all(StreamSession& session) {
  std::vector<Received> received;
  while (const auto message = session.poll_message()) {
    CHECK((message->content == nullptr) == !message->problem.empty());
    received.push_back({.kind = message->kind,
                        .view_changed = message->view_changed,
                        .last_event_id = std::string(message->last_event_id),
                        .problem = std::string(message->problem)});
  }
  return received;
}

std::string event(std::string_view id, std::string_view data) {
  return "id: " + std::string(id) + "\ndata: " + std::string(data) + "\n\n";
}

/// The envelope of a stage that has completed, as a server without ids sends it.
std::string update_without_id(std::string_view stage) {
  return R"({"type":"update","data":{"registrationId":42,"status":"PENDING","stage":")" +
         std::string(stage) + R"(","stageStatus":"completed","message":"m","timestamp":10}})";
}

/// The same with an id.
std::string update(std::string_view stage, std::string_view id, std::int64_t registration_id = 42) {
  return R"({"type":"update","data":{"registrationId":)" + std::to_string(registration_id) +
         R"(,"status":"PENDING","stage":")" + std::string(stage) +
         R"(","stageStatus":"completed","message":"m","timestamp":10,"id":")" + std::string(id) +
         R"("}})";
}

std::string snapshot(std::string_view status, std::string_view id) {
  return R"({"type":"snapshot","data":{"registrationId":42,"status":")" + std::string(status) +
         R"(","id":")" + std::string(id) + R"("}})";
}

const std::string reset = R"({"type":"reset","timestamp":1})";

/// A session of registration 42 whose stream is open.
struct Bench {
  explicit Bench(sse::ParserLimits limits = {}, std::string_view last_event_id = {})
      : session({}, 1, only_42, last_event_id, limits) {
    shell.open(session);
  }
  /// The next session, which restores what `earlier` leaves, stored as text meanwhile.
  explicit Bench(const StreamSession& earlier)
      : session({}, 1, only_42, std::string(earlier.last_event_id())) {
    const auto kept = decode_view(encode_view(*earlier.view_to_restore(42)));
    REQUIRE(session.restore(std::get<RegistrationView>(kept)));
    CHECK(*session.view_to_restore(42) == *earlier.view_to_restore(42));
    shell.open(session);
  }

  std::vector<Received> receive(std::string_view bytes) {
    REQUIRE(session.on_bytes(shell.attempt, bytes, now));
    return poll_all(session);
  }
  std::vector<Received> receive_event(std::string_view data, std::optional<std::string_view> id) {
    REQUIRE(session.on_event(shell.attempt, data, id, now));
    return poll_all(session);
  }
  [[nodiscard]] const RegistrationView& view() const {
    const RegistrationView* const known = session.view(42);
    REQUIRE(known != nullptr);
    return *known;
  }

  StreamSession session;
  Shell shell;
};

}  // namespace

TEST_CASE("bytes become messages with the ids to resume from and a view") {
  Bench bench;
  CHECK(bench.session.view(42) == nullptr);
  const auto received =
      bench.receive(event("7-1", R"({"type":"connected"})") + ": a comment\n" +
                    event("7-2", snapshot("PENDING", "7-2")) + event("7-3", update("a", "7-3")) +
                    "data: {\"type\":\"ping\"}\n\ndata: {\"type\":\"new\"}\n\n");
  REQUIRE(received.size() == 5);
  CHECK(received[0].kind == MessageKind::connected);
  CHECK(received[0].last_event_id == "7-1");
  CHECK_FALSE(received[0].view_changed);
  CHECK(received[1].kind == MessageKind::snapshot);
  CHECK(received[1].view_changed);
  CHECK(received[2].kind == MessageKind::update);
  CHECK(received[2].last_event_id == "7-3");
  CHECK(received[2].view_changed);
  CHECK(received[3].kind == MessageKind::ping);
  CHECK(received[3].last_event_id == "7-3");
  CHECK(received[4].kind == MessageKind::other);
  CHECK_FALSE(received[4].view_changed);
  CHECK(bench.view().stages.size() == 1);
  CHECK_FALSE(bench.view().has_gap);
  CHECK(bench.session.resets() == 0);
  CHECK(bench.session.last_event_id() == "7-3");
}

TEST_CASE("events of a transport that parses become the same messages") {
  Bench bench;
  auto received = bench.receive_event(R"({"type":"connected"})", "7-1");
  REQUIRE(received.size() == 1);
  CHECK(received[0].kind == MessageKind::connected);
  received = bench.receive_event(update("a", "7-2"), "7-2");
  REQUIRE(received.size() == 1);
  CHECK(received[0].kind == MessageKind::update);
  CHECK(received[0].last_event_id == "7-2");
  CHECK(received[0].view_changed);
  received = bench.receive_event(R"({"type":"ping"})", std::nullopt);
  REQUIRE(received.size() == 1);
  CHECK(received[0].last_event_id == "7-2");
  CHECK(bench.session.last_event_id() == "7-2");
  // An empty id counts: the server wants no id to be sent.
  CHECK(bench.receive_event(R"({"type":"ping"})", "")[0].last_event_id.empty());
  CHECK(bench.session.last_event_id().empty());
}

TEST_CASE("a message has its text and its fields") {
  Bench bench;
  const std::string json = update("a", "7-1");
  const std::string bytes = event("7-1", json);
  REQUIRE(bench.session.on_bytes(bench.shell.attempt, bytes, now));
  const auto message = bench.session.poll_message();
  REQUIRE(message);
  CHECK(message->json == json);
  CHECK(message->content->update.stage.raw == "a");
  CHECK(message->content->data == json.substr(24, json.size() - 25));
}

TEST_CASE("a session that closes within a chunk delivers nothing more of it") {
  Bench bench;
  const std::string bytes = event("7-1", update("a", "7-1")) + event("7-2", update("b", "7-2"));
  REQUIRE(bench.session.on_bytes(bench.shell.attempt, bytes, now));
  REQUIRE(bench.session.poll_message());
  CHECK(bench.session.close(now));
  CHECK_FALSE(bench.session.poll_message());
  CHECK(bench.session.last_event_id() == "7-1");
  CHECK_FALSE(bench.session.close(now));
  CHECK_FALSE(bench.session.connect(now));
  CHECK_FALSE(bench.session.restart(now));
}

TEST_CASE("a session that restarts within a chunk resumes after the last polled message") {
  Bench bench;
  // The rest of the chunk is half a line; the next stream must not begin with it.
  const std::string bytes = event("7-1", update("a", "7-1")) + event("7-2", update("b", "7-2")) +
                            "id: 7-3\ndata: {\"type\"";
  REQUIRE(bench.session.on_bytes(bench.shell.attempt, bytes, now));
  REQUIRE(bench.session.poll_message());
  CHECK(bench.session.restart(now));
  CHECK_FALSE(bench.session.poll_message());
  bench.shell.run(bench.session);
  CHECK(bench.shell.resumed_from == "7-1");
  REQUIRE(bench.session.on_response(bench.shell.attempt, accepting, now));
  CHECK_FALSE(bench.session.poll_message());
  const auto received = bench.receive(event("7-2", update("b", "7-2")));
  REQUIRE(received.size() == 1);
  CHECK(received[0].kind == MessageKind::update);
  CHECK(bench.view().stages.size() == 2);
}

TEST_CASE("a session that restarts at an unusable message resumes after it") {
  Bench bench({.line_bytes_max = 300});
  std::string useless;
  SECTION("too large") {
    useless = update(std::string(300, 'x'), "7-1");
  }
  SECTION("malformed") {
    useless = "{broken";
  }
  const std::string bytes = event("7-1", useless) + event("7-2", update("b", "7-2"));
  REQUIRE(bench.session.on_bytes(bench.shell.attempt, bytes, now));
  const auto message = bench.session.poll_message();
  REQUIRE(message);
  CHECK(message->content == nullptr);
  CHECK(bench.session.restart(now));
  bench.shell.run(bench.session);
  CHECK(bench.shell.resumed_from == "7-1");
}

TEST_CASE("an event that was not polled before a restart does not move the id") {
  Bench bench;
  REQUIRE(bench.session.on_event(bench.shell.attempt, update("a", "7-1"), "7-1", now));
  CHECK(bench.session.restart(now));
  bench.shell.run(bench.session);
  CHECK(bench.shell.resumed_from.empty());
  REQUIRE(bench.session.on_response(bench.shell.attempt, accepting, now));
  CHECK_FALSE(bench.session.poll_message());
}

TEST_CASE("every report of an earlier attempt is refused and leaves the parser alone") {
  Bench bench;
  const AttemptId earlier = bench.shell.attempt;
  bench.shell.reopen(bench.session);
  REQUIRE(earlier != bench.shell.attempt);
  const std::string json = update("a", "7-1");
  CHECK(bench.receive("id: 7-1\ndata: " + json.substr(0, 20)).empty());
  CHECK_FALSE(bench.session.on_response(earlier, accepting, now));
  CHECK_FALSE(
      bench.session.on_response(bench.shell.attempt, accepting, now));  // The second response.
  CHECK_FALSE(bench.session.on_bytes(earlier, "\n\n", now));
  CHECK_FALSE(bench.session.on_event(earlier, json, "9-9", now));
  CHECK_FALSE(bench.session.on_end(earlier, TransportEnd::failed, now));
  CHECK_FALSE(bench.session.on_token(earlier, now));
  CHECK_FALSE(bench.session.on_token_failed(earlier, TokenFailure::for_good, now));
  CHECK_FALSE(bench.session.poll_message());
  const auto received = bench.receive(json.substr(20) + "\n\n");
  REQUIRE(received.size() == 1);
  CHECK(received[0].kind == MessageKind::update);
  CHECK(bench.session.last_event_id() == "7-1");
}

TEST_CASE("bytes and events are refused before the stream is open and after its end") {
  StreamSession session({}, 1, only_42);
  Shell shell;
  CHECK(session.connect(now));
  shell.run(session);
  CHECK_FALSE(session.on_bytes(shell.attempt, event("7-1", reset), now));
  CHECK_FALSE(session.on_event(shell.attempt, reset, "7-1", now));
  CHECK_FALSE(session.poll_message());
  CHECK(session.on_response(shell.attempt, accepting, now));
  CHECK(session.on_end(shell.attempt, TransportEnd::ended, now));
  CHECK_FALSE(session.on_bytes(shell.attempt, event("7-1", reset), now));
  CHECK_FALSE(session.poll_message());
  CHECK(session.last_event_id().empty());
}

TEST_CASE("an id that comes without an event moves on at the end of the chunk") {
  Bench bench;
  CHECK(bench.receive(event("7-1", R"({"type":"connected"})") + "id: 7-4\n\n").size() == 1);
  CHECK(bench.session.last_event_id() == "7-4");
}

TEST_CASE("a stream begins with the id that the last stream left whatever its transport") {
  Bench bench;
  CHECK(bench.receive(event("7-1", R"({"type":"connected"})")).size() == 1);
  bench.shell.reopen(bench.session);
  CHECK(bench.shell.resumed_from == "7-1");
  CHECK(bench.receive_event(R"({"type":"ping"})", "7-5")[0].last_event_id == "7-5");
  bench.shell.reopen(bench.session);
  CHECK(bench.shell.resumed_from == "7-5");
  CHECK(bench.receive("data: {\"type\":\"ping\"}\n\n")[0].last_event_id == "7-5");
}

TEST_CASE("after a reset the view stays and the first update begins a new one") {
  Bench bench;
  CHECK(bench.receive(event("7-8", update("a", "7-8"))).size() == 1);
  auto received = bench.receive(event("8-0", reset));
  REQUIRE(received.size() == 1);
  CHECK(received[0].kind == MessageKind::reset);
  CHECK(received[0].view_changed);
  CHECK(bench.session.resets() == 1);
  CHECK(bench.view().has_gap);
  CHECK(bench.view().stages.size() == 1);

  received = bench.receive(event("6-1", update("b", "6-1")));
  CHECK(received[0].view_changed);
  REQUIRE(bench.view().stages.size() == 1);
  CHECK(bench.view().stages[0].name == "b");
  CHECK(bench.view().has_gap);
  CHECK(bench.session.resets() == 1);
}

TEST_CASE("after a reset a snapshot replaces the view whatever its id") {
  Bench bench;
  CHECK(bench.receive(event("7-8", update("a", "7-8"))).size() == 1);
  const auto received =
      bench.receive(event("0-0", reset) + event("6-1", snapshot("FAILED", "6-1")));
  REQUIRE(received.size() == 2);
  CHECK(received[1].view_changed);
  CHECK(bench.view().status == "FAILED");
  CHECK(bench.view().stages.empty());
  CHECK_FALSE(bench.view().has_gap);
  CHECK(bench.session.resets() == 1);
}

TEST_CASE("a reset before anything is known shows in the first view") {
  Bench bench;
  const auto received = bench.receive(event("8-0", reset) + event("8-1", update("a", "8-1")));
  REQUIRE(received.size() == 2);
  CHECK_FALSE(received[0].view_changed);
  CHECK(received[1].view_changed);
  CHECK(bench.view().has_gap);
}

TEST_CASE("an unreadable message leaves a gap and the fold goes on") {
  Bench bench;
  CHECK(bench.receive(event("7-1", update("a", "7-1"))).size() == 1);
  std::string broken;
  SECTION("no JSON") {
    broken = "{broken";
  }
  SECTION("an update without a status") {
    broken = R"({"type":"update","data":{"registrationId":42}})";
  }
  SECTION("a snapshot that is no view") {
    broken = R"({"type":"snapshot","data":{}})";
  }
  SECTION("a snapshot without a status") {
    broken = R"({"type":"snapshot","data":{"registrationId":42}})";
  }
  const auto received = bench.receive(event("7-2", broken) + event("7-3", update("b", "7-3")));
  REQUIRE(received.size() == 2);
  CHECK(received[0].kind == MessageKind::malformed);
  CHECK_FALSE(received[0].problem.empty());
  CHECK(received[0].last_event_id == "7-2");
  CHECK(received[0].view_changed);
  CHECK(bench.session.resets() == 1);
  CHECK(bench.view().has_gap);
  CHECK(bench.view().stages.size() == 2);
}

TEST_CASE("an event over a limit leaves a gap and is not requested again") {
  Bench bench({.line_bytes_max = 300, .event_bytes_max = std::size_t{2} << 20U});
  CHECK(bench.receive(event("7-1", update("a", "7-1"))).size() == 1);
  const auto received = bench.receive(event("7-2", update(std::string(300, 'x'), "7-2")) +
                                      event("7-3", update("b", "7-3")));
  REQUIRE(received.size() == 2);
  CHECK(received[0].kind == MessageKind::too_large);
  CHECK(received[0].problem == "An event was skipped: a line of it is longer than 300 bytes");
  CHECK(received[0].last_event_id == "7-2");
  CHECK(bench.session.resets() == 1);
  CHECK(bench.view().has_gap);
  CHECK(bench.view().stages.size() == 2);
}

TEST_CASE("a message over the codec's limit is too large from either kind of transport") {
  Bench bench;
  const std::string json = '"' + std::string(CodecLimits{}.stream_message_bytes_max, 'x') + '"';
  const auto received = bench.receive_event(json, "7-1");
  REQUIRE(received.size() == 1);
  CHECK(received[0].kind == MessageKind::too_large);
  CHECK(received[0].problem == "A message was skipped: it is larger than 4 MiB");
  CHECK(received[0].last_event_id == "7-1");
  CHECK(bench.session.resets() == 1);
}

TEST_CASE("an event whose id does not fit into a header is skipped and its id is not used") {
  Bench bench;
  CHECK(bench.receive_event(update("a", "7-1"), "7-1").size() == 1);
  const auto received = bench.receive_event(update("b", "7-2"), std::string(4097, '7'));
  REQUIRE(received.size() == 1);
  CHECK(received[0].kind == MessageKind::too_large);
  CHECK(received[0].problem == "An event was skipped: its id is longer than 4096 bytes");
  CHECK(received[0].last_event_id == "7-1");
  CHECK(bench.view().stages.size() == 1);
  CHECK(bench.view().has_gap);
  CHECK(bench.receive_event(update("b", "7-2"), std::string(4096, '7')).size() == 1);
  CHECK(bench.session.last_event_id() == std::string(4096, '7'));
}

TEST_CASE("the limit of an id is at most what fits into a header for bytes and events alike") {
  const std::size_t asked = GENERATE(std::size_t{8}, std::size_t{4096}, std::size_t{8000});
  const std::size_t limit = std::min(asked, std::size_t{4096});
  Bench bench({.id_bytes_max = asked});
  const std::string id(limit, '7');
  const std::string problem =
      "An event was skipped: its id is longer than " + std::to_string(limit) + " bytes";
  const std::string ping = R"({"type":"ping"})";
  CHECK(bench.receive(event(id, ping))[0].last_event_id == id);
  CHECK(bench.receive(event(id + "7", ping))[0].problem == problem);
  CHECK(bench.session.last_event_id() == id);
  bench.shell.reopen(bench.session);
  CHECK(bench.receive_event(ping, id)[0].last_event_id == id);
  CHECK(bench.receive_event(ping, id + "7")[0].problem == problem);
  CHECK(bench.session.last_event_id() == id);
}

TEST_CASE("a session goes on where an earlier one ended") {
  RegistrationView left;
  left.registration_id = 42;
  left.status = "PENDING";
  left.id = EventId{.epoch = 7, .sequence = 2};
  StreamSession session({}, 1, only_42, "7-2");
  CHECK(session.restore(left));
  left.registration_id = 43;
  CHECK_FALSE(session.restore(left));
  REQUIRE(session.view(42) != nullptr);
  CHECK(session.view(42)->status == "PENDING");
  Shell shell;
  shell.open(session);
  CHECK(shell.resumed_from == "7-2");
  const std::string bytes = event("7-2", update("a", "7-2")) + event("7-3", update("b", "7-3"));
  REQUIRE(session.on_bytes(shell.attempt, bytes, now));
  const auto received = poll_all(session);
  REQUIRE(received.size() == 2);
  CHECK_FALSE(received[0].view_changed);  // The view contains it already.
  CHECK(received[1].view_changed);
  CHECK(session.view(42)->stages.size() == 1);
}

TEST_CASE(
    "a view that was restored between a reset and the next update is replaced by that update") {
  Bench earlier;
  CHECK(earlier.receive(event("7-8", update("a", "7-8")) + event("7-3", reset)).size() == 2);
  Bench next(earlier.session);
  CHECK(next.shell.resumed_from == "7-3");
  // The history was set back to before the view: its ids are used again.
  CHECK(next.receive(event("7-4", update("b", "7-4"))).size() == 1);
  REQUIRE(next.view().stages.size() == 1);
  CHECK(next.view().stages[0].name == "b");
  CHECK(next.view().has_gap);
}

TEST_CASE("a gap from before anything is known outlives the session") {
  Bench earlier;
  SECTION("a reset") {
    CHECK(earlier.receive(event("8-0", reset)).size() == 1);
  }
  SECTION("a message that can't be read") {
    CHECK(earlier.receive(event("8-0", "{broken")).size() == 1);
  }
  CHECK(earlier.session.view(42) == nullptr);
  const Bench idle(earlier.session);
  CHECK(idle.session.view(42) == nullptr);
  Bench next(idle.session);
  CHECK(next.shell.resumed_from == "8-0");
  CHECK(next.receive(event("8-1", update("a", "8-1")))[0].view_changed);
  CHECK(next.view().has_gap);
  CHECK(next.receive(event("8-1", snapshot("PENDING", "8-1")))[0].view_changed);
  CHECK_FALSE(next.view().has_gap);
}

TEST_CASE("with a server without ids a session knows whether its history was lost") {
  Bench earlier;
  SECTION("a message was missed: the fold goes on") {
    CHECK(earlier.receive_event(update_without_id("a"), std::nullopt).size() == 1);
    CHECK(earlier.receive_event("{broken", std::nullopt).size() == 1);
  }
  SECTION("a history was lost, and the view is of the next one already") {
    CHECK(earlier.receive_event(reset, std::nullopt).size() == 1);
    CHECK(earlier.receive_event(update_without_id("a"), std::nullopt).size() == 1);
  }
  Bench next(earlier.session);
  CHECK(next.receive_event(update_without_id("b"), std::nullopt).size() == 1);
  CHECK(next.view().stages.size() == 2);
  CHECK(next.view().has_gap);
}

TEST_CASE("only the gap of a view without a status is restored") {
  StreamSession session{{}, 1, only_42};
  RegistrationView left;
  left.registration_id = 42;
  left.has_ended = true;
  left.has_gap = true;
  REQUIRE(session.restore(left));
  CHECK(session.view(42) == nullptr);
  Shell shell;
  shell.open(session);
  const std::string bytes = event("7-1", update("a", "7-1"));
  REQUIRE(session.on_bytes(shell.attempt, bytes, now));
  const auto received = poll_all(session);
  REQUIRE(received.size() == 1);
  CHECK(received[0].view_changed);
  REQUIRE(session.view(42) != nullptr);
  CHECK(session.view(42)->stages.size() == 1);
  CHECK(session.view(42)->has_gap);
}

TEST_CASE("a snapshot is the truth whatever it says about a lost history") {
  Bench bench;
  const std::string strange =
      R"({"type":"snapshot","data":{"registrationId":42,"status":"PENDING","hasLostHistory":true}})";
  CHECK(bench.receive(event("7-1", strange) + event("7-2", update("a", "7-2"))).size() == 2);
  CHECK_FALSE(bench.view().has_gap);
}

TEST_CASE("an earlier session's id that is too long is ignored") {
  const Bench bench({}, std::string(4097, '7'));
  CHECK(bench.shell.resumed_from.empty());
  CHECK(bench.session.last_event_id().empty());
}

TEST_CASE("a message about a registration that was not requested is of the kind other") {
  Bench bench;
  const auto received =
      bench.receive(event("7-1", update("a", "7-1", 43)) +
                    event("7-2", R"({"type":"snapshot","data":{"registrationId":43}})"));
  REQUIRE(received.size() == 2);
  CHECK(received[0].kind == MessageKind::other);
  CHECK(received[1].kind == MessageKind::other);
  CHECK(bench.session.view(42) == nullptr);
  CHECK(bench.session.view(43) == nullptr);
  CHECK(bench.session.last_event_id() == "7-2");
}

TEST_CASE("a session of several registrations has a view of each") {
  constexpr std::array<std::int64_t, 2> both{42, 43};
  StreamSession session({}, 1, both);
  Shell shell;
  shell.open(session);
  const std::string bytes = event("7-1", update("a", "7-1", 43)) +
                            event("7-2", update("b", "7-2", 42)) + event("8-0", reset) +
                            event("8-1", update("c", "8-1", 43));
  REQUIRE(session.on_bytes(shell.attempt, bytes, now));
  CHECK(poll_all(session).size() == 4);
  REQUIRE(session.view(42) != nullptr);
  REQUIRE(session.view(43) != nullptr);
  CHECK(session.view(42)->stages[0].name == "b");
  CHECK(session.view(43)->stages[0].name == "c");
  CHECK(session.view(43)->stages.size() == 1);
  CHECK(session.view(42)->has_gap);
  CHECK(session.view(43)->has_gap);
}

TEST_CASE("a session of every registration passes the updates on and has no view") {
  StreamSession session({}, 1, {});
  Shell shell;
  shell.open(session);
  const std::string bytes = event("7-1", update("a", "7-1", 43)) + event("8-0", reset) +
                            event("8-1", snapshot("PENDING", "8-1"));
  REQUIRE(session.on_bytes(shell.attempt, bytes, now));
  const auto received = poll_all(session);
  REQUIRE(received.size() == 3);
  CHECK(received[0].kind == MessageKind::update);
  CHECK(received[1].kind == MessageKind::reset);
  CHECK(received[2].kind == MessageKind::snapshot);
  CHECK(session.view(43) == nullptr);
  CHECK(session.resets() == 1);
}

TEST_CASE("an event with a type is not a message but moves the id on") {
  Bench bench;
  CHECK(bench.receive("event: other\nid: 7-1\ndata: x\n\n").empty());
  CHECK(bench.session.last_event_id() == "7-1");
  CHECK(bench.session.resets() == 0);
}

TEST_CASE("an event session returns every token and handles those of the connection") {
  EventSession session({}, 1);
  Shell shell;
  shell.open(session);
  const Instant silent_at = *session.next_deadline();
  const std::string bytes =
      ": heartbeat 4000\nretry: 7000\nevent: named\nid: a\ndata: x\n\nid: b\n\n";
  REQUIRE(session.on_bytes(shell.attempt, bytes, now));
  CHECK(std::holds_alternative<sse::Comment>(session.poll_token()));
  CHECK(*session.next_deadline() < silent_at);
  CHECK(std::holds_alternative<sse::Retry>(session.poll_token()));
  const sse::Token token = session.poll_token();
  const auto* const named = std::get_if<sse::Event>(&token);
  REQUIRE(named != nullptr);
  CHECK(named->type == "named");
  CHECK(named->last_event_id == "a");
  CHECK(session.last_event_id() == "a");
  CHECK(std::holds_alternative<sse::NeedInput>(session.poll_token()));
  CHECK(session.last_event_id() == "b");
  CHECK(std::holds_alternative<sse::NeedInput>(session.poll_token()));
  REQUIRE(session.on_end(shell.attempt, TransportEnd::ended, now));
  CHECK(*session.next_deadline() >= now + Duration{7000});
}
