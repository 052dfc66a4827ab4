#include <algorithm>
#include <catch2/catch.hpp>
#include <regstream/connection/connection.hpp>
#include <regstream/workflow/registration.hpp>
#include <vector>

#include "connection_driver.hpp"
#include "open_session.hpp"

// A stream whose token expires soon.
using namespace regstream;
using regstream::test::Driver;

namespace {

Driver open_stream(bool needs_token, std::uint64_t seed = 1) {
  ConnectionOptions options = test::without_jitter();
  options.needs_token = needs_token;
  Driver driver{options, seed};
  driver.connect();
  if (needs_token) {
    driver.give_token();
  }
  driver.accept();
  driver.advance(Duration{5'000});
  return driver;
}

/// A server that announces the token's end, and a stream that is never silent.
void expire_in(Driver& driver, Duration expires_in) {
  REQUIRE(driver.connection.on_token_expiring(*driver.transport, expires_in));
  driver.run();
}

/// Advances to the deadline, while the stream is not silent.
Duration reach_renewal(Driver& driver) {
  driver.connection.on_activity(*driver.transport, driver.now);
  return driver.reach_deadline();
}

}  // namespace

TEST_CASE("a fresh token is fetched while the stream stays and replaces it without a loss") {
  Driver driver = open_stream(true);
  driver.changes.clear();
  expire_in(driver, Duration{60'000});
  CHECK(driver.token_requests == 1);
  CHECK(reach_renewal(driver) <= Duration{30'000});
  CHECK(driver.connection.state() == ConnectionState::open);
  CHECK(driver.token_requests == 2);
  CHECK(driver.token_request->attempt == driver.transport);
  CHECK(driver.token_request->is_refused);
  CHECK(driver.connection.on_event_id(*driver.transport, "5-7"));
  const AttemptId before = *driver.transport;

  driver.give_token();
  CHECK(driver.connection.state() == ConnectionState::connecting);
  CHECK(driver.connection.reason() == ConnectionReason::renewed);
  CHECK(*driver.transport > before);
  CHECK(driver.sent_last_event_id == "5-7");
  driver.accept();
  REQUIRE(driver.changes.size() == 2);
  CHECK(driver.changes[0].is_connected);
  CHECK(driver.changes[1].is_connected);
  // The new stream has nothing left of it.
  CHECK_FALSE(driver.connection.on_token(before, driver.now));
  CHECK_FALSE(driver.connection.on_token(*driver.transport, driver.now));
  CHECK(driver.reach_deadline() == Duration{75'000});
}

TEST_CASE("without tokens the stream is replaced at that time") {
  Driver driver = open_stream(false);
  expire_in(driver, Duration{60'000});
  CHECK(reach_renewal(driver) <= Duration{30'000});
  CHECK(driver.connection.state() == ConnectionState::connecting);
  CHECK(driver.connection.reason() == ConnectionReason::renewed);
  CHECK(driver.connection.is_connected());
  CHECK(driver.opened == 2);
}

TEST_CASE("clients whose tokens expire together renew them at different times") {
  std::vector<Duration> waits;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Driver driver = open_stream(true, seed);
    expire_in(driver, Duration{60'000});
    const Duration wait = reach_renewal(driver);
    CHECK(wait <= Duration{30'000});
    waits.push_back(wait);
  }
  std::sort(waits.begin(), waits.end());
  CHECK(std::unique(waits.begin(), waits.end()) - waits.begin() > 15);
}

TEST_CASE("while no token is available the stream stays and requests are few until it ends") {
  Driver driver = open_stream(true);
  const Instant expires_at = driver.now + Duration{60'000};
  expire_in(driver, Duration{60'000});
  Instant asked = driver.now - Duration{1'000};
  int requests = 0;
  while (driver.connection.next_deadline() < expires_at) {
    reach_renewal(driver);
    CHECK(driver.now - asked >= Duration{1'000});
    asked = driver.now;
    ++requests;
    CHECK(driver.connection.state() == ConnectionState::open);
    driver.fail_token(TokenFailure::may_pass);
  }
  CHECK(requests >= 2);
  CHECK(requests <= 60);
  CHECK(driver.connection.is_connected());
  driver.end(TransportEnd::ended);
  CHECK_FALSE(driver.connection.is_connected());
  driver.reach_deadline();
  CHECK(driver.token_request->is_refused);
  driver.give_token();
  driver.accept();
  CHECK(driver.connection.is_connected());
}

TEST_CASE("a token that does not arrive in time is requested again and is stale when it arrives") {
  Driver driver = open_stream(true);
  expire_in(driver, Duration{60'000});
  reach_renewal(driver);
  CHECK(reach_renewal(driver) == Duration{15'000});
  CHECK(driver.token_requests == 2);
  driver.give_token();
  CHECK(driver.connection.state() == ConnectionState::open);
  reach_renewal(driver);
  CHECK(driver.token_requests == 3);
  driver.give_token();
  CHECK(driver.connection.reason() == ConnectionReason::renewed);
}

TEST_CASE("a refused ticket leaves the open stream alone") {
  Driver driver = open_stream(true);
  expire_in(driver, Duration{60'000});
  ResponseHead unasked;
  unasked.status = 401;
  CHECK_FALSE(driver.connection.on_response(*driver.transport, unasked, driver.now));
  CHECK(driver.connection.state() == ConnectionState::open);
  reach_renewal(driver);
  driver.refuse_ticket(503);
  CHECK(driver.connection.state() == ConnectionState::open);
  reach_renewal(driver);
  CHECK(driver.token_requests == 3);
}

TEST_CASE("a ticket is requested again no sooner than the refusal's Retry-After") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Driver driver = open_stream(true, seed);
    const Instant expires_at = driver.now + Duration{60'000};
    expire_in(driver, Duration{60'000});
    reach_renewal(driver);
    driver.refuse_ticket(429, Duration{10'000});
    const Instant allowed = driver.now + Duration{10'000};
    CHECK(driver.connection.state() == ConnectionState::open);
    reach_renewal(driver);
    CHECK(driver.token_requests == 3);
    CHECK(driver.now >= allowed);
    CHECK(driver.now <= allowed + (expires_at - allowed) / 2);
    driver.refuse_ticket(503);  // It applies to one refusal.
    CHECK(driver.connection.next_deadline() < expires_at);
  }
}

TEST_CASE("no ticket is requested after the token's end nor for longer than the limit of waits") {
  Driver driver = open_stream(true);
  expire_in(driver, Duration{60'000});
  reach_renewal(driver);
  driver.refuse_ticket(503, Duration{60'000});
  CHECK(reach_renewal(driver) ==
        Duration{75'000});  // The watchdog's deadline: nothing else is due.
  CHECK(driver.token_requests == 2);

  ConnectionOptions options = test::without_jitter();
  options.needs_token = true;
  options.reconnection_time_max = Duration{2'000};
  Driver bounded{options};
  bounded.connect();
  bounded.give_token();
  bounded.accept();
  expire_in(bounded, Duration{60'000});
  reach_renewal(bounded);
  bounded.refuse_ticket(503, Duration::max());
  CHECK(reach_renewal(bounded) <= Duration{2'000 + 29'000});
  CHECK(bounded.token_requests == 3);
}

TEST_CASE("a client that gets no token any more loses the stream") {
  Driver driver = open_stream(true);
  driver.fail_token(TokenFailure::for_good);
  CHECK(driver.connection.state() == ConnectionState::open);  // No token was requested.
  expire_in(driver, Duration{60'000});
  reach_renewal(driver);
  driver.fail_token(TokenFailure::for_good);
  CHECK(driver.connection.state() == ConnectionState::closed);
  CHECK(driver.connection.reason() == ConnectionReason::token_denied);
}

TEST_CASE("a cookie that nobody renews causes few attempts and none within a second of another") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Driver driver = open_stream(false, seed);
    const Instant expires_at = driver.now + Duration{60'000};
    expire_in(driver, Duration{60'000});
    Instant begun{};
    while (driver.connection.next_deadline() < expires_at) {
      reach_renewal(driver);
      CHECK(driver.now - begun >= Duration{1'000});
      begun = driver.now;
      driver.accept();
      // The new stream gets its warning at half of what is left.
      driver.advance((expires_at - driver.now) / 2);
      expire_in(driver, expires_at - driver.now);
    }
    CHECK(driver.opened <= 12);
    // Within the leeway the stream learns at once that its token has expired.
    CHECK(driver.connection.state() == ConnectionState::open);
  }
}

TEST_CASE("a token with no time left is not renewed and the stream stays until its end") {
  Driver driver = open_stream(true);
  expire_in(driver, Duration{0});
  CHECK(reach_renewal(driver) == Duration{75'000});
  CHECK(driver.token_requests == 1);
  Driver hostile = open_stream(true);
  expire_in(hostile, Duration::min());
  CHECK(reach_renewal(hostile) == Duration{75'000});
  Driver patient = open_stream(true);
  expire_in(patient, Duration::max());
  CHECK(patient.connection.next_deadline() == patient.now + Duration{70'000});
}

TEST_CASE("only the first warning of a stream counts and none of another attempt") {
  Driver driver = open_stream(true);
  CHECK_FALSE(driver.connection.on_token_expiring(AttemptId{0}, Duration{60'000}));
  expire_in(driver, Duration{60'000});
  const auto due = driver.connection.next_deadline();
  CHECK_FALSE(driver.connection.on_token_expiring(*driver.transport, Duration{2'000}));
  CHECK(driver.connection.next_deadline() == due);
}

TEST_CASE("a stream whose ids change while its token is fetched gets a fresh token as well") {
  Driver driver = open_stream(true);
  expire_in(driver, Duration{60'000});
  reach_renewal(driver);
  driver.connection.change(driver.now);
  driver.reach_deadline();
  CHECK(driver.connection.state() == ConnectionState::authorizing);
  CHECK(driver.connection.is_connected());
  CHECK(driver.token_request->is_refused);
  driver.give_token();
  driver.accept();
  CHECK(driver.reach_deadline() == Duration{75'000});
}

TEST_CASE("a session renews its stream by itself and resumes") {
  test::OpenSession open(registration_workflow(), {InstanceId{42}}, StreamEnd::never, "5-7");
  open.open();
  open.changes.clear();
  CHECK(open.receive("5-8", R"({"type":"token_expiring","timestamp":1,"expiresInMs":60000})") ==
        MessageKind::token_expiring);
  CHECK(open.session.resets() == 0);
  open.reach_deadline();
  REQUIRE(open.asked.size() == 2);
  CHECK(open.asked.back().last_event_id == "5-8");
  CHECK(open.asked.back().query == "registrationId=42");
  open.accept();
  for (const StateChanged& change : open.changes) {
    CHECK(change.is_connected);
  }
}
