#include <catch2/catch.hpp>

#include "connection_driver.hpp"

using namespace regstream;
using regstream::test::Driver;

namespace {

ConnectionOptions with_token() {
  ConnectionOptions options;
  options.needs_token = true;
  options.backoff = {.base = Duration{0}, .cap = Duration{0}};
  return options;
}

}  // namespace

TEST_CASE("an attempt waits for its token and then opens with the same id") {
  Driver driver{with_token()};
  driver.connect();
  CHECK(driver.connection.state() == ConnectionState::authorizing);
  CHECK_FALSE(driver.transport.has_value());
  REQUIRE(driver.token_request.has_value());
  CHECK_FALSE(driver.token_request->is_refused);
  driver.give_token();
  CHECK(driver.connection.state() == ConnectionState::connecting);
  CHECK(driver.connection.reason() == ConnectionReason::token_given);
  CHECK(driver.transport == driver.token_request->attempt);
  driver.accept();
  driver.end(TransportEnd::ended);
  driver.reach_deadline();
  CHECK(driver.connection.state() == ConnectionState::authorizing);
  CHECK(driver.token_requests == 2);
}

TEST_CASE("a token refused with 401 is replaced at once and only once") {
  Driver driver{with_token()};
  driver.connect();
  driver.give_token();
  const AttemptId first = *driver.transport;
  driver.respond(401);
  CHECK_FALSE(driver.transport.has_value());
  CHECK(driver.connection.state() == ConnectionState::authorizing);
  CHECK(driver.connection.reason() == ConnectionReason::token_refused);
  CHECK(driver.token_requests == 2);
  CHECK(driver.token_request->is_refused);
  CHECK(driver.token_request->attempt > first);
  driver.give_token();
  driver.respond(401);
  CHECK(driver.connection.state() == ConnectionState::closed);
  CHECK(driver.connection.reason() == ConnectionReason::unauthorized);
}

TEST_CASE("two 401s are consecutive until a stream was open whatever else failed between them") {
  Driver driver{with_token()};
  driver.connect();
  driver.give_token();
  driver.respond(401);
  driver.fail_token(TokenFailure::may_pass);
  driver.reach_deadline();
  CHECK(
      driver.token_request->is_refused);  // The last token that was used is still the refused one.
  driver.give_token();
  driver.end(TransportEnd::failed);
  driver.reach_deadline();
  CHECK_FALSE(driver.token_request->is_refused);
  driver.give_token();

  SECTION("refused again") {
    driver.respond(401);
    CHECK(driver.connection.reason() == ConnectionReason::unauthorized);
  }
  SECTION("accepted, and refused when it has expired") {
    driver.accept();
    driver.end(TransportEnd::ended);
    driver.reach_deadline();
    driver.give_token();
    driver.respond(401);
    CHECK(driver.connection.reason() == ConnectionReason::token_refused);
  }
}

TEST_CASE("a token that is temporarily unavailable is requested again later") {
  Driver driver{with_token()};
  driver.connect();
  driver.fail_token(TokenFailure::may_pass);
  CHECK(driver.connection.state() == ConnectionState::waiting);
  CHECK(driver.connection.reason() == ConnectionReason::token_unavailable);
  CHECK(driver.reach_deadline() == Duration{1000});
  CHECK(driver.token_requests == 2);
}

TEST_CASE("a token that is denied closes for good") {
  Driver driver{with_token()};
  driver.connect();
  driver.fail_token(TokenFailure::for_good);
  CHECK(driver.connection.state() == ConnectionState::closed);
  CHECK(driver.connection.reason() == ConnectionReason::token_denied);
  CHECK(driver.opened == 0);
}

TEST_CASE("a token that does not arrive times out and is stale if it arrives later") {
  Driver driver{with_token()};
  driver.connect();
  const AttemptId late = driver.token_request->attempt;
  CHECK(driver.reach_deadline() == Duration{15'000});
  CHECK(driver.connection.reason() == ConnectionReason::timed_out);
  CHECK_FALSE(driver.connection.on_token(late, driver.now));
  driver.reach_deadline();
  CHECK(driver.token_requests == 2);
  CHECK_FALSE(driver.connection.on_token(late, driver.now));
  CHECK_FALSE(driver.connection.on_token_failed(late, TokenFailure::for_good, driver.now));
  driver.run();
  CHECK(driver.connection.state() == ConnectionState::authorizing);
}

TEST_CASE("the attempt has its whole time after the token") {
  Driver driver{with_token()};
  driver.connect();
  driver.advance(Duration{14'000});
  driver.give_token();
  CHECK(driver.reach_deadline() == Duration{15'000});
  CHECK(driver.connection.reason() == ConnectionReason::timed_out);
}

TEST_CASE("a second token and a token that is not needed change nothing") {
  Driver driver{with_token()};
  driver.connect();
  driver.give_token();
  driver.give_token();
  driver.fail_token(TokenFailure::for_good);
  CHECK(driver.connection.state() == ConnectionState::connecting);
  CHECK(driver.opened == 1);

  Driver plain;
  plain.connect();
  plain.connection.on_token(*plain.transport, plain.now);
  plain.connection.on_token_failed(*plain.transport, TokenFailure::for_good, plain.now);
  plain.run();
  CHECK(plain.connection.state() == ConnectionState::connecting);
  CHECK(plain.opened == 1);
}

TEST_CASE("restored requests a new token") {
  Driver driver{with_token()};
  driver.connect();
  driver.advance(Duration{2000});
  driver.restore();
  CHECK(driver.connection.state() == ConnectionState::authorizing);
  CHECK(driver.token_requests == 2);
}

TEST_CASE("403 is final with a token and 401 is final without one and by the standard policy") {
  Driver forbidden{with_token()};
  forbidden.connect();
  forbidden.give_token();
  forbidden.respond(403);
  CHECK(forbidden.connection.reason() == ConnectionReason::forbidden);

  Driver plain;
  plain.connect();
  plain.respond(401);
  CHECK(plain.connection.reason() == ConnectionReason::unauthorized);

  ConnectionOptions options = with_token();
  options.policy = RetryPolicy::standard;
  Driver standard{options};
  standard.connect();
  standard.give_token();
  standard.respond(401);
  CHECK(standard.connection.reason() == ConnectionReason::unauthorized);
}

TEST_CASE("a refused ticket means the same as a refused stream and costs no other attempt") {
  Driver driver{with_token()};
  driver.connect();

  SECTION("401: a fresh token, once") {
    const AttemptId first = driver.token_request->attempt;
    driver.refuse_ticket(401);
    CHECK(driver.connection.state() == ConnectionState::authorizing);
    CHECK(driver.connection.reason() == ConnectionReason::token_refused);
    CHECK(driver.token_requests == 2);
    CHECK(driver.token_request->is_refused);
    CHECK(driver.token_request->attempt > first);
    driver.refuse_ticket(401);
    CHECK(driver.connection.state() == ConnectionState::closed);
    CHECK(driver.connection.reason() == ConnectionReason::unauthorized);
  }
  SECTION("403: for good") {
    driver.refuse_ticket(403);
    CHECK(driver.connection.reason() == ConnectionReason::forbidden);
  }
  SECTION("429: later, no sooner than the server allows") {
    driver.refuse_ticket(429, Duration{7000});
    CHECK(driver.connection.state() == ConnectionState::waiting);
    CHECK(driver.connection.reason() == ConnectionReason::refused);
    driver.advance(Duration{6999});
    driver.look();
    CHECK(driver.token_requests == 1);
    driver.advance(Duration{1});
    driver.handle_deadline();
    CHECK(driver.token_requests == 2);
    CHECK_FALSE(driver.token_request->is_refused);
  }
  SECTION("an event stream is no ticket") {
    ResponseHead head;
    head.status = 200;
    head.is_event_stream = true;
    CHECK_FALSE(driver.connection.on_response(driver.token_request->attempt, head, driver.now));
    CHECK(driver.connection.state() == ConnectionState::authorizing);
  }
  CHECK(driver.opened == 0);
}

TEST_CASE("no stream ends while the machine waits for its token") {
  Driver driver{with_token()};
  driver.connect();
  const AttemptId attempt = driver.token_request->attempt;
  for (const TransportEnd end :
       {TransportEnd::ended, TransportEnd::failed, TransportEnd::refused_unseen}) {
    CHECK_FALSE(driver.connection.on_end(attempt, end, driver.now));
  }
  CHECK(driver.connection.state() == ConnectionState::authorizing);
  driver.give_token();
  CHECK(driver.transport == attempt);
}

TEST_CASE(
    "a ticket that is refused during a replacement leaves the stream connected until that is "
    "final") {
  Driver driver{with_token()};
  driver.connect();
  driver.give_token();
  driver.accept();
  driver.connection.change(driver.now);
  driver.reach_deadline();
  CHECK(driver.token_requests == 2);
  driver.refuse_ticket(401);
  CHECK(driver.connection.is_connected());
  driver.refuse_ticket(401);
  CHECK_FALSE(driver.connection.is_connected());
  CHECK(driver.connection.reason() == ConnectionReason::unauthorized);
}
