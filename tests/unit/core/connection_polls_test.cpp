#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

#include "connection_driver.hpp"
#include "open_session.hpp"

// Transports that hide the status, and networks that hold streams back.
using namespace regstream;
using regstream::test::Driver;

namespace {

ConnectionOptions with_polls() {
  ConnectionOptions options = test::without_jitter();
  options.can_see = true;
  options.polls.are_possible = true;
  return options;
}

/// A connection whose stream is held back, which a probe has shown: the first poll is open.
Driver polling(const ConnectionOptions& options = with_polls()) {
  Driver driver{options};
  driver.connect();
  CHECK(driver.reach_deadline() == Duration{5'000});
  driver.probe_event();
  REQUIRE(driver.kind == TransportKind::polling);
  driver.accept();
  REQUIRE(driver.connection.state() == ConnectionState::open);
  driver.changes.clear();
  return driver;
}

/// Completes a poll that delivers an event after `span`, and opens the next one.
void poll_on(Driver& driver, Duration span = Duration{25'000}) {
  driver.advance(span);
  driver.event_arrives();
  driver.end(TransportEnd::ended);
  if (!driver.transport) {
    driver.reach_deadline();
  }
  if (driver.kind == TransportKind::polling) {
    driver.accept();
  }
}

}  // namespace

TEST_CASE("after a refusal with a hidden status the next attempt uses a transport that sees it") {
  Driver driver{with_polls()};
  driver.connect();
  CHECK(driver.kind == TransportKind::preferred);
  driver.end(TransportEnd::refused_unseen);
  CHECK(driver.connection.reason() == ConnectionReason::refused);
  CHECK(driver.reach_deadline() == Duration{1'000});
  CHECK(driver.kind == TransportKind::seeing);
  driver.respond(404);
  CHECK(driver.connection.reason() == ConnectionReason::refused_for_good);
}

TEST_CASE("a seeing transport stays until it shows the reason or its stream is lost") {
  Driver driver{with_polls()};
  driver.connect();
  driver.end(TransportEnd::refused_unseen);
  driver.reach_deadline();
  driver.respond(503, false, Duration{7'000});
  CHECK(driver.reach_deadline() == Duration{7'000});
  CHECK(driver.kind == TransportKind::seeing);
  driver.accept();
  driver.connection.change(driver.now);
  driver.reach_deadline();
  CHECK(driver.kind == TransportKind::seeing);
  driver.accept();
  driver.end(TransportEnd::ended);
  driver.reach_deadline();
  CHECK(driver.kind == TransportKind::preferred);
}

TEST_CASE("after a seeing transport that sees nothing either the preferred one is used again") {
  Driver driver{with_polls()};
  driver.connect();
  driver.end(TransportEnd::refused_unseen);
  driver.reach_deadline();
  driver.end(TransportEnd::failed);
  driver.reach_deadline();
  CHECK(driver.kind == TransportKind::preferred);
}

TEST_CASE("a shell without a seeing transport is never asked for one") {
  Driver driver;
  driver.connect();
  driver.end(TransportEnd::refused_unseen);
  driver.reach_deadline();
  CHECK(driver.kind == TransportKind::preferred);
}

TEST_CASE("a stream without an event is probed whether or not it has answered") {
  for (const bool is_answered : {false, true}) {
    Driver driver{with_polls()};
    driver.connect();
    if (is_answered) {
      driver.accept();
      driver.advance(Duration{3'000});
      driver.connection.on_activity(*driver.transport, driver.now);
    }
    driver.now = Instant{Duration{4'999}};
    driver.handle_deadline();
    CHECK_FALSE(driver.probe);
    driver.advance(Duration{1});
    driver.handle_deadline();
    REQUIRE(driver.probe);
    driver.changes.clear();
    driver.probe_event();
    CHECK_FALSE(driver.probe);
    CHECK(driver.kind == TransportKind::polling);
    REQUIRE(driver.changes.size() == 1);
    CHECK(driver.changes[0].reason == ConnectionReason::held_back);
    CHECK(driver.changes[0].is_connected == is_answered);
  }
}

TEST_CASE("a stream that has delivered an event is not held back however late") {
  Driver driver{with_polls()};
  driver.connect();
  driver.accept();
  driver.reach_deadline();
  REQUIRE(driver.probe);
  const AttemptId probed = *driver.probe;
  driver.event_arrives();
  CHECK_FALSE(driver.probe);
  CHECK_FALSE(driver.connection.on_probe_event(probed, driver.now));
  CHECK(driver.connection.next_deadline() == driver.now + Duration{75'000});
  CHECK(driver.opened == 1);
}

TEST_CASE(
    "a gateway that is silent on stream and probe keeps its time and is probed once an attempt") {
  Driver driver{with_polls()};
  driver.connect();
  CHECK(driver.reach_deadline() == Duration{5'000});
  CHECK(driver.reach_deadline() == Duration{10'000});
  CHECK(driver.connection.reason() == ConnectionReason::timed_out);
  CHECK_FALSE(driver.probe);
  driver.reach_deadline();
  CHECK(driver.kind == TransportKind::preferred);
  CHECK(driver.probes == 1);
  driver.reach_deadline();
  CHECK(driver.probes == 2);
}

TEST_CASE("polls follow each other with a minimum spacing and count as one connection") {
  Driver driver = polling();
  const int opened = driver.opened;
  poll_on(driver);
  CHECK(driver.opened == opened + 1);
  driver.advance(Duration{100});
  driver.event_arrives();
  driver.end(TransportEnd::ended);
  CHECK_FALSE(driver.transport);
  CHECK(driver.connection.is_connected());
  CHECK(driver.reach_deadline() == Duration{150});
  CHECK(driver.transport);
  driver.accept();
  CHECK(driver.changes.empty());

  driver.end(TransportEnd::failed);
  REQUIRE(driver.changes.size() == 1);
  CHECK(driver.changes[0].from == ConnectionState::open);
  CHECK(driver.changes[0].reason == ConnectionReason::network_failed);
  CHECK_FALSE(driver.changes[0].is_connected);
  driver.reach_deadline();
  CHECK(driver.kind == TransportKind::polling);
}

TEST_CASE("a poll has its whole time for a response because its head may be held back as well") {
  Driver driver = polling();
  driver.advance(Duration{1'000});
  driver.event_arrives();
  driver.end(TransportEnd::ended);
  CHECK(driver.reach_deadline() == Duration{40'000});
  CHECK(driver.connection.reason() == ConnectionReason::timed_out);
}

TEST_CASE("a poll that ends at once without an event is not followed at once") {
  Driver driver = polling();
  driver.advance(Duration{1'000});
  driver.end(TransportEnd::ended);
  CHECK(driver.connection.reason() == ConnectionReason::ended);
  CHECK_FALSE(driver.connection.is_connected());
  driver.reach_deadline();
  driver.accept();
  // A gateway that can't read its history holds the poll open for its whole time.
  driver.advance(Duration{25'000});
  driver.end(TransportEnd::ended);
  CHECK(driver.connection.is_connected());
}

TEST_CASE(
    "a stream is tried again after five minutes and then more and more rarely up to an hour") {
  Driver driver = polling();
  Instant last = driver.now;
  for (const int minutes : {5, 10, 20, 40, 60, 60}) {
    while (driver.kind == TransportKind::polling) {
      poll_on(driver);
    }
    CHECK(driver.now - last >= std::chrono::minutes{minutes});
    CHECK(driver.now - last < std::chrono::minutes{minutes} + Duration{60'000});
    last = driver.now;
    driver.changes.clear();
    // It is still held back, and needs no second probe.
    driver.accept();
    CHECK(driver.reach_deadline() == Duration{5'000});
    CHECK_FALSE(driver.probe);
    CHECK(driver.kind == TransportKind::polling);
    CHECK(driver.connection.is_connected());
    driver.accept();
  }
}

TEST_CASE("a stream that delivers an event again replaces the polls") {
  Driver driver = polling();
  while (driver.kind == TransportKind::polling) {
    poll_on(driver);
  }
  driver.accept();
  driver.event_arrives();
  driver.end(TransportEnd::failed);
  driver.reach_deadline();
  CHECK(driver.kind == TransportKind::preferred);
  CHECK(driver.reach_deadline() == Duration{5'000});
  CHECK(driver.probe);
}

TEST_CASE("after a refused stream polls go on if streams are held back") {
  Driver driver = polling();
  while (driver.kind == TransportKind::polling) {
    poll_on(driver);
  }
  driver.respond(502);
  driver.reach_deadline();
  CHECK(driver.kind == TransportKind::polling);
}

TEST_CASE("on another network a stream is tried again") {
  Driver driver = polling();
  driver.offline();
  driver.advance(Duration{10'000});
  driver.online();
  CHECK(driver.kind == TransportKind::preferred);
}

TEST_CASE("a stream that is tried again and still held back is replaced however late that shows") {
  Driver driver = polling();
  while (driver.kind == TransportKind::polling) {
    poll_on(driver);
  }
  driver.changes.clear();
  driver.advance(Duration{60'000});
  driver.handle_deadline();
  CHECK(driver.kind == TransportKind::polling);
  CHECK(driver.connection.is_connected());
  REQUIRE(driver.changes.size() == 1);
  CHECK(driver.changes[0].reason == ConnectionReason::held_back);
}

TEST_CASE("a late timer leaves an attempt time for its probe once") {
  Driver driver{with_polls()};
  driver.connect();
  driver.advance(Duration{60'000});
  driver.handle_deadline();
  REQUIRE(driver.probe);
  SECTION("which finds polls") {
    driver.probe_event();
    CHECK(driver.kind == TransportKind::polling);
  }
  SECTION("which finds nothing") {
    CHECK(driver.reach_deadline() == Duration{5'000});
    CHECK(driver.connection.reason() == ConnectionReason::timed_out);
  }
  SECTION("unless it is to be replaced, too") {
    driver.reach_deadline();
    driver.reach_deadline();
    driver.connection.change(driver.now);
    driver.advance(Duration{60'000});
    driver.handle_deadline();
    CHECK_FALSE(driver.probe);
    CHECK(driver.connection.reason() == ConnectionReason::timed_out);
  }
}

TEST_CASE(
    "polls that are answered at once without event_arrives are spaced further and further apart") {
  Driver driver = polling();
  const auto next = [&](std::string_view id) {
    driver.connection.on_event_id(*driver.transport, id);
    driver.event_arrives();
    driver.end(TransportEnd::ended);
    const Duration wait = driver.reach_deadline();
    driver.accept();
    return wait.count();
  };
  CHECK(next("1-1") == 250);
  for (const int wait : {250, 500, 1'000, 2'000, 4'000, 8'000, 16'000, 25'000, 25'000}) {
    CHECK(next("1-1") == wait);
  }
  CHECK(driver.connection.is_connected());
  CHECK(driver.changes.empty());
  SECTION("until one brings event_arrives") {
    CHECK(next("1-2") == 250);
    CHECK(next("1-2") == 250);
    CHECK(next("1-2") == 500);
  }
  SECTION("until one waits in vain") {
    poll_on(driver);
    CHECK(next("1-1") == 250);
  }
}

TEST_CASE("each poll has its own token") {
  ConnectionOptions options = with_polls();
  options.needs_token = true;
  Driver driver{options};
  driver.connect();
  driver.give_token();
  driver.reach_deadline();
  driver.probe_event();
  CHECK(driver.token_requests == 2);
  CHECK_FALSE(driver.transport);
  driver.give_token();
  CHECK(driver.kind == TransportKind::polling);
  driver.accept();
  driver.changes.clear();
  driver.advance(Duration{20'000});
  driver.event_arrives();
  driver.end(TransportEnd::ended);
  CHECK(driver.token_requests == 3);
  driver.give_token();
  driver.accept();
  CHECK(driver.changes.empty());
}

TEST_CASE("the bytes of a probe count once they complete an event") {
  ConnectionOptions options = with_polls();
  StreamSession session{options, 1, registration_workflow(), std::vector<InstanceId>{42}, "1-7"};
  Instant now{};
  std::optional<OpenTransport> transport;
  std::optional<OpenProbe> probe;
  const auto run = [&] {
    while (const auto action = session.poll_action()) {
      if (const auto* const opening = std::get_if<OpenTransport>(&*action)) {
        transport = *opening;
      } else if (const auto* const probing = std::get_if<OpenProbe>(&*action)) {
        probe = *probing;
      }
    }
  };
  session.connect(now);
  run();
  now = *session.next_deadline();
  session.handle_deadline(now);
  run();
  REQUIRE(probe);
  CHECK(session.request_query(TransportKind::polling) == "registrationId=42&poll=1");
  CHECK_FALSE(session.on_probe_bytes(probe->attempt, "retry: 5\n: heartbeat 10000\n\n", now));
  CHECK_FALSE(session.on_probe_bytes(probe->attempt, "id: 1-9\ndata: {}\n", now));
  CHECK(session.on_probe_bytes(probe->attempt, "\n", now));
  run();
  CHECK(transport->kind == TransportKind::polling);
  // It had no cursor, and nothing of it is read.
  CHECK(session.last_event_id() == "1-7");
  CHECK_FALSE(session.on_probe_bytes(probe->attempt, "data: x\n\n", now));
}
