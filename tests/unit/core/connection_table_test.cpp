#include <algorithm>
#include <catch2/catch.hpp>
#include <regstream/connection/transitions.hpp>
#include <vector>

#include "connection_driver.hpp"

using namespace regstream;
using regstream::test::Driver;

namespace {

constexpr ConnectionState all_states[] = {ConnectionState::idle,       ConnectionState::authorizing,
                                          ConnectionState::connecting, ConnectionState::open,
                                          ConnectionState::waiting,    ConnectionState::closed};
constexpr auto last_event = ConnectionEvent::deadline;

std::vector<ConnectionEvent> all_events() {
  std::vector<ConnectionEvent> events;
  for (int event = 0; event <= static_cast<int>(last_event); ++event) {
    events.push_back(static_cast<ConnectionEvent>(event));
  }
  return events;
}

const ConnectionTransition* row(ConnectionState from, ConnectionEvent event) {
  const auto* found =
      std::find_if(connection_transitions.begin(), connection_transitions.end(),
                   [&](const auto& row) { return row.from == from && row.event == event; });
  return found == connection_transitions.end() ? nullptr : found;
}

bool has_transport(ConnectionState state) {
  return state == ConnectionState::connecting || state == ConnectionState::open;
}

void cause(Driver& driver, ConnectionEvent event);

bool is_final(ConnectionState state) {
  return state == ConnectionState::idle || state == ConnectionState::closed;
}

ConnectionOptions options_of(bool needs_token) {
  ConnectionOptions options;
  options.needs_token = needs_token;
  return options;
}

void bring_to(Driver& driver, ConnectionState state) {
  if (state == ConnectionState::idle) {
    return;
  }
  driver.connect();
  if (state != ConnectionState::authorizing && driver.token_request) {
    driver.give_token();
  }
  if (state == ConnectionState::open) {
    driver.accept();
  } else if (state == ConnectionState::waiting) {
    driver.end(TransportEnd::failed);
  } else if (state == ConnectionState::closed) {
    driver.close();
  }
  // One millisecond before a signal may end the wait, which would be a second transition.
  driver.advance(Duration{999});
  REQUIRE(driver.connection.state() == state);
}

/// Continues from an open stream to an open poll, at whose end a stream is tried again.
void begin_to_poll(Driver& driver) {
  cause(driver, ConnectionEvent::held_back);
  if (driver.connection.state() == ConnectionState::authorizing) {
    driver.give_token();
  }
  driver.accept();
  driver.advance(Duration{999});
}

/// Brings an open stream to its renewal. With tokens the stream stays open meanwhile.
bool ask_to_renew(Driver& driver, AttemptId attempt) {
  if (driver.connection.on_token_expiring(attempt, Duration{8'000})) {
    driver.advance(Duration{4'000});
    driver.handle_deadline();
    return true;
  }
  return false;
}

void cause(Driver& driver, ConnectionEvent event) {
  Connection& connection = driver.connection;
  const AttemptId attempt = driver.transport.value_or(
      driver.token_request ? driver.token_request->attempt : AttemptId{1});
  const auto respond = [&](std::uint16_t status, bool is_event_stream = false) {
    ResponseHead head;
    head.status = status;
    head.is_event_stream = is_event_stream;
    connection.on_response(attempt, head, driver.now);
  };
  switch (event) {
    case ConnectionEvent::connect:
      connection.connect(driver.now);
      break;
    case ConnectionEvent::restart:
      connection.restart(driver.now);
      break;
    case ConnectionEvent::close:
      connection.close(driver.now);
      break;
    case ConnectionEvent::changed:
      connection.change(driver.now);
      driver.advance(ConnectionOptions{}.change_delay);
      connection.handle_deadline(driver.now);
      break;
    case ConnectionEvent::renewed:
      if (ask_to_renew(driver, attempt)) {
        connection.on_token(attempt, driver.now);
      }
      break;
    case ConnectionEvent::wake:
      driver.advance(Duration{1});
      connection.on_visible(driver.now);
      break;
    case ConnectionEvent::offline:
      connection.on_offline(driver.now);
      break;
    case ConnectionEvent::online:
      connection.on_online(driver.now);
      break;
    case ConnectionEvent::restored:
      connection.on_restored(driver.now);
      break;
    case ConnectionEvent::token_given:
      connection.on_token(attempt, driver.now);
      break;
    case ConnectionEvent::token_unavailable:
      connection.on_token_failed(attempt, TokenFailure::may_pass, driver.now);
      break;
    case ConnectionEvent::token_denied:
      (void)ask_to_renew(driver, attempt);
      connection.on_token_failed(attempt, TokenFailure::for_good, driver.now);
      break;
    case ConnectionEvent::accepted:
      respond(200, true);
      break;
    case ConnectionEvent::told_to_stop:
      respond(204);
      break;
    case ConnectionEvent::refused:
      respond(503);
      break;
    case ConnectionEvent::token_refused:
    case ConnectionEvent::unauthorized:
      respond(401);
      break;
    case ConnectionEvent::forbidden:
      respond(403);
      break;
    case ConnectionEvent::wrong_content_type:
      respond(200);
      break;
    case ConnectionEvent::wrong_content_coding: {
      ResponseHead head;
      head.status = 200;
      head.is_event_stream = true;
      head.is_coded = true;
      connection.on_response(attempt, head, driver.now);
      break;
    }
    case ConnectionEvent::redirect_failed:
      respond(302);
      break;
    case ConnectionEvent::refused_for_good:
      respond(404);
      break;
    case ConnectionEvent::finished:
      connection.on_finished(attempt);
      break;
    case ConnectionEvent::ended:
      connection.on_end(attempt, TransportEnd::ended, driver.now);
      break;
    case ConnectionEvent::network_failed:
      connection.on_end(attempt, TransportEnd::failed, driver.now);
      break;
    case ConnectionEvent::held_back:
      driver.handle_deadline();
      if (driver.probe) {
        connection.on_probe_event(*driver.probe, driver.now);
      }
      break;
    case ConnectionEvent::polled:
      if (driver.kind == TransportKind::polling) {
        driver.event_arrives();
        connection.on_end(attempt, TransportEnd::ended, driver.now);
      }
      break;
    case ConnectionEvent::fell_silent:
      connection.on_visible(driver.now);
      break;
    case ConnectionEvent::deadline:
      driver.now = connection.next_deadline().value_or(driver.now + Duration{1'000'000});
      connection.handle_deadline(driver.now);
      break;
  }
  driver.run();
}

}  // namespace

TEST_CASE("every event in every state does what the table says and nothing without a row") {
  for (const bool needs_token : {false, true}) {
    for (const ConnectionState from : all_states) {
      for (const ConnectionEvent event : all_events()) {
        if (needs_token
                ? event == ConnectionEvent::unauthorized
                : event == ConnectionEvent::token_refused || from == ConnectionState::authorizing) {
          // A 401 causes one event or the other, and without tokens the state is skipped.
          continue;
          // over.
        }
        const bool is_open = from == ConnectionState::open;
        if (!needs_token && is_open && event == ConnectionEvent::token_denied) {
          continue;  // No token is requested.
        }
        const bool replaces =
            is_open && (event == ConnectionEvent::changed || event == ConnectionEvent::renewed ||
                        event == ConnectionEvent::held_back || event == ConnectionEvent::polled);
        const bool asks_to_renew =
            needs_token && is_open &&
            (event == ConnectionEvent::renewed || event == ConnectionEvent::token_denied);
        CAPTURE(needs_token, to_string(from), to_string(event));
        ConnectionOptions options = options_of(needs_token);
        if (event == ConnectionEvent::fell_silent) {
          // Before a signal may end the wait.
          options.ping_interval = Duration{500};
          options.late_grace = Duration{400};
        }
        if (event == ConnectionEvent::held_back || event == ConnectionEvent::polled) {
          options.polls.are_possible = true;
          options.polls.probe_after = options.polls.stream_retry_min = Duration{500};
        }
        Driver driver{options};
        bring_to(driver, from);
        if (event == ConnectionEvent::polled && is_open) {
          begin_to_poll(driver);
        }
        if (event == ConnectionEvent::online) {
          driver.offline();  // This alone changes a wait.
        }
        driver.changes.clear();
        const ConnectionReason reason_before = driver.connection.reason();
        const int opened_before = driver.opened;
        const int requests_before = driver.token_requests;

        cause(driver, event);

        const ConnectionTransition* expected = row(from, event);
        const ConnectionState state = driver.connection.state();
        if (expected == nullptr) {
          CHECK(state == from);
          CHECK(driver.connection.reason() == reason_before);
          CHECK(driver.changes.empty());
          CHECK(driver.opened == opened_before);
          CHECK(driver.token_requests == requests_before);
        } else {
          const ConnectionState to = expected->to == ConnectionState::authorizing && !needs_token
                                         ? ConnectionState::connecting
                                         : expected->to;
          CHECK(state == to);
          CHECK(driver.connection.reason() == expected->reason);
          REQUIRE(driver.changes.size() == 1);
          CHECK(driver.changes[0].from == from);
          CHECK(driver.changes[0].to == to);
          CHECK(driver.changes[0].reason == expected->reason);
          CHECK(driver.changes[0].is_connected == driver.connection.is_connected());
          CHECK(driver.opened == opened_before + (to == ConnectionState::connecting ? 1 : 0));
          CHECK(driver.token_requests ==
                requests_before + (to == ConnectionState::authorizing || asks_to_renew ? 1 : 0));
        }
        // A transport exists exactly in the states connecting and open.
        CHECK(driver.transport.has_value() == has_transport(state));
        // Another stream may replace it without a loss.
        CHECK(driver.connection.is_connected() == (state == ConnectionState::open || replaces));
        // There is always a deadline, except in the states idle and closed.
        CHECK(driver.connection.next_deadline().has_value() == !is_final(state));
      }
    }
  }
}

TEST_CASE("the table has one row for a state and event and closed has none") {
  for (const ConnectionTransition& transition : connection_transitions) {
    CHECK(row(transition.from, transition.event) == &transition);
    CHECK(transition.from != ConnectionState::closed);
    CHECK(transition.to != ConnectionState::idle);
  }
}

TEST_CASE("every event has a row and every state and reason is reached by one") {
  for (const ConnectionEvent event : all_events()) {
    CAPTURE(to_string(event));
    CHECK(std::any_of(connection_transitions.begin(), connection_transitions.end(),
                      [&](const auto& row) { return row.event == event; }));
  }
  for (const ConnectionState state : all_states) {
    CAPTURE(to_string(state));
    CHECK((state == ConnectionState::idle ||
           std::any_of(connection_transitions.begin(), connection_transitions.end(),
                       [&](const auto& row) { return row.to == state; })));
  }
  for (int number = 1; number <= static_cast<int>(ConnectionReason::polled); ++number) {
    const auto reason = static_cast<ConnectionReason>(number);
    CAPTURE(to_string(reason));
    CHECK(std::any_of(connection_transitions.begin(), connection_transitions.end(),
                      [&](const auto& row) { return row.reason == reason; }));
  }
}

TEST_CASE("temporary failures lead to another attempt and final ones to none") {
  for (const ConnectionTransition& transition : connection_transitions) {
    CAPTURE(to_string(transition.from), to_string(transition.event));
    const Outlook seen = outlook(transition.reason);
    if (seen == Outlook::may_pass) {
      CHECK(transition.to != ConnectionState::closed);
    } else if (seen == Outlook::failed) {
      CHECK(transition.to == ConnectionState::closed);
    }
    if (transition.to == ConnectionState::waiting) {
      CHECK(seen == Outlook::may_pass);
    }
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
