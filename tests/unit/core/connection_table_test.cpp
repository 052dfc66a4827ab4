#include <algorithm>
#include <catch2/catch.hpp>
#include <regstream/connection/transitions.hpp>

#include "connection_driver.hpp"

using namespace regstream;
using regstream::test::Driver;

namespace {

constexpr ConnectionState all_states[] = {ConnectionState::idle, ConnectionState::connecting,
                                          ConnectionState::open, ConnectionState::waiting,
                                          ConnectionState::closed};
constexpr ConnectionEvent all_events[] = {ConnectionEvent::connect,
                                          ConnectionEvent::close,
                                          ConnectionEvent::wake,
                                          ConnectionEvent::accepted,
                                          ConnectionEvent::told_to_stop,
                                          ConnectionEvent::refused,
                                          ConnectionEvent::refused_for_good,
                                          ConnectionEvent::ended,
                                          ConnectionEvent::network_failed,
                                          ConnectionEvent::deadline};

const ConnectionTransition* row(ConnectionState from, ConnectionEvent event) {
  const auto* found =
      std::find_if(connection_transitions.begin(), connection_transitions.end(),
                   [&](const auto& row) { return row.from == from && row.event == event; });
  return found == connection_transitions.end() ? nullptr : found;
}

bool has_transport(ConnectionState state) {
  return state == ConnectionState::connecting || state == ConnectionState::open;
}

void bring_to(Driver& driver, ConnectionState state) {
  if (state != ConnectionState::idle) {
    driver.connect();
  }
  if (state == ConnectionState::open) {
    driver.accept();
  } else if (state == ConnectionState::waiting) {
    driver.end(TransportEnd::failed);
  } else if (state == ConnectionState::closed) {
    driver.close();
  }
  REQUIRE(driver.connection.state() == state);
}

/// The attempt that a transport would name now; where there is none, the last one.
AttemptId attempt_of(const Driver& driver) {
  return driver.transport.value_or(AttemptId{1});
}

void cause(Driver& driver, ConnectionEvent event) {
  Connection& connection = driver.connection;
  const AttemptId attempt = attempt_of(driver);
  const auto respond = [&](std::uint16_t status, bool is_event_stream) {
    connection.on_response(
        attempt,
        {.status = status, .is_event_stream = is_event_stream, .retry_after = std::nullopt},
        driver.now);
  };
  switch (event) {
    case ConnectionEvent::connect:
      connection.connect(driver.now);
      break;
    case ConnectionEvent::close:
      connection.close(driver.now);
      break;
    case ConnectionEvent::wake:
      connection.wake(driver.now);
      break;
    case ConnectionEvent::accepted:
      respond(200, true);
      break;
    case ConnectionEvent::told_to_stop:
      respond(204, false);
      break;
    case ConnectionEvent::refused:
      respond(503, false);
      break;
    case ConnectionEvent::refused_for_good:
      respond(404, false);
      break;
    case ConnectionEvent::ended:
      connection.on_end(attempt, TransportEnd::ended, driver.now);
      break;
    case ConnectionEvent::network_failed:
      connection.on_end(attempt, TransportEnd::failed, driver.now);
      break;
    case ConnectionEvent::deadline:
      driver.now = connection.next_deadline().value_or(driver.now + Duration{1'000'000});
      connection.handle_deadline(driver.now);
      break;
  }
  driver.run();
}

}  // namespace

TEST_CASE("every event in every state does what the table says, and nothing where it has no row") {
  for (const ConnectionState from : all_states) {
    for (const ConnectionEvent event : all_events) {
      CAPTURE(static_cast<int>(from), static_cast<int>(event));
      Driver driver;
      bring_to(driver, from);
      driver.changes.clear();
      const ConnectionReason reason_before = driver.connection.reason();
      const int opened_before = driver.opened;

      cause(driver, event);

      const ConnectionTransition* expected = row(from, event);
      if (expected == nullptr) {
        CHECK(driver.connection.state() == from);
        CHECK(driver.connection.reason() == reason_before);
        CHECK(driver.changes.empty());
        CHECK(driver.opened == opened_before);
      } else {
        CHECK(driver.connection.state() == expected->to);
        CHECK(driver.connection.reason() == expected->reason);
        REQUIRE(driver.changes.size() == 1);
        CHECK(driver.changes[0].from == from);
        CHECK(driver.changes[0].to == expected->to);
        CHECK(driver.changes[0].reason == expected->reason);
        const bool opens = expected->to == ConnectionState::connecting;
        CHECK(driver.opened == opened_before + (opens ? 1 : 0));
      }
      // A transport exists exactly while an attempt is under way or open.
      CHECK(driver.transport.has_value() == has_transport(driver.connection.state()));
      // Something always happens next, unless the machine rests.
      const ConnectionState state = driver.connection.state();
      CHECK(driver.connection.next_deadline().has_value() ==
            (state != ConnectionState::idle && state != ConnectionState::closed));
    }
  }
}

TEST_CASE("the table has one row for a state and event, and closed has none") {
  for (const ConnectionTransition& transition : connection_transitions) {
    CHECK(row(transition.from, transition.event) == &transition);
    CHECK(transition.from != ConnectionState::closed);
    CHECK(transition.to != ConnectionState::idle);
  }
}

TEST_CASE("every state can be closed") {
  for (const ConnectionState state : all_states) {
    if (state != ConnectionState::closed) {
      REQUIRE(row(state, ConnectionEvent::close) != nullptr);
      CHECK(row(state, ConnectionEvent::close)->to == ConnectionState::closed);
    }
  }
}

TEST_CASE("how an answer counts depends on status, content type and policy") {
  struct Answer {
    std::uint16_t status;
    bool is_event_stream;
    ConnectionReason resilient;
    ConnectionReason standard;
  };
  using Reason = ConnectionReason;
  const Answer answers[] = {
      {200, true, Reason::accepted, Reason::accepted},
      {200, false, Reason::refused_for_good, Reason::refused_for_good},
      {201, true, Reason::refused_for_good, Reason::refused_for_good},
      {204, false, Reason::told_to_stop, Reason::told_to_stop},
      {204, true, Reason::told_to_stop, Reason::told_to_stop},
      {301, false, Reason::refused_for_good, Reason::refused_for_good},
      {400, false, Reason::refused_for_good, Reason::refused_for_good},
      {401, false, Reason::refused_for_good, Reason::refused_for_good},
      {403, false, Reason::refused_for_good, Reason::refused_for_good},
      {404, false, Reason::refused_for_good, Reason::refused_for_good},
      {408, false, Reason::refused, Reason::refused_for_good},
      {429, false, Reason::refused, Reason::refused_for_good},
      {500, false, Reason::refused, Reason::refused_for_good},
      {502, true, Reason::refused, Reason::refused_for_good},
      {503, false, Reason::refused, Reason::refused_for_good},
      {599, false, Reason::refused, Reason::refused_for_good},
      {600, false, Reason::refused_for_good, Reason::refused_for_good},
      {0, false, Reason::refused_for_good, Reason::refused_for_good},
  };
  for (const RetryPolicy policy : {RetryPolicy::resilient, RetryPolicy::standard}) {
    for (const Answer& answer : answers) {
      CAPTURE(answer.status, answer.is_event_stream);
      ConnectionOptions options;
      options.policy = policy;
      Driver driver{options};
      driver.connect();
      driver.respond(answer.status, answer.is_event_stream);
      CHECK(driver.connection.reason() ==
            (policy == RetryPolicy::resilient ? answer.resilient : answer.standard));
    }
  }
}

TEST_CASE("what EventSource hides is retried, but for the standard policy") {
  for (const RetryPolicy policy : {RetryPolicy::resilient, RetryPolicy::standard}) {
    ConnectionOptions options;
    options.policy = policy;
    Driver driver{options};
    driver.connect();
    driver.end(TransportEnd::refused_unseen);
    CHECK(driver.connection.reason() == (policy == RetryPolicy::resilient
                                             ? ConnectionReason::refused
                                             : ConnectionReason::refused_for_good));
  }
}

TEST_CASE("a network failure is retried by both policies") {
  for (const RetryPolicy policy : {RetryPolicy::resilient, RetryPolicy::standard}) {
    ConnectionOptions options;
    options.policy = policy;
    Driver driver{options};
    driver.connect();
    driver.end(TransportEnd::failed);
    CHECK(driver.connection.state() == ConnectionState::waiting);
    driver.reach_deadline();
    driver.accept();
    driver.end(TransportEnd::refused_unseen);
    CHECK(driver.connection.reason() == ConnectionReason::network_failed);
  }
}
