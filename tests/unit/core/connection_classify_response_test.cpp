#include <cstdint>

#include <catch2/catch.hpp>

#include "connection_driver.hpp"

using namespace regstream;
using regstream::test::Driver;

TEST_CASE("a response is classified by its status and content type and the policy") {
  struct Answer {
    std::uint16_t status;
    bool is_event_stream;
    ConnectionReason resilient;
    ConnectionReason standard;
  };
  using Reason = ConnectionReason;
  const Answer answers[] = {
      {200, true, Reason::accepted, Reason::accepted},
      {200, false, Reason::wrong_content_type, Reason::wrong_content_type},
      {201, true, Reason::refused_for_good, Reason::refused_for_good},
      {204, false, Reason::told_to_stop, Reason::told_to_stop},
      {204, true, Reason::told_to_stop, Reason::told_to_stop},
      {300, false, Reason::refused_for_good, Reason::refused_for_good},
      {301, false, Reason::redirect_failed, Reason::redirect_failed},
      {302, true, Reason::redirect_failed, Reason::redirect_failed},
      {303, false, Reason::redirect_failed, Reason::redirect_failed},
      {304, false, Reason::refused_for_good, Reason::refused_for_good},
      {307, false, Reason::redirect_failed, Reason::redirect_failed},
      {308, false, Reason::redirect_failed, Reason::redirect_failed},
      {400, false, Reason::refused_for_good, Reason::refused_for_good},
      {401, false, Reason::unauthorized, Reason::unauthorized},
      {403, false, Reason::forbidden, Reason::forbidden},
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

TEST_CASE("a content coding matters only if the response is an event stream") {
  const auto reason_of = [](std::uint16_t status, bool is_event_stream) {
    Driver driver;
    driver.connect();
    ResponseHead head;
    head.status = status;
    head.is_event_stream = is_event_stream;
    head.is_coded = true;
    driver.respond(head);
    return driver.connection.reason();
  };
  CHECK(reason_of(200, true) == ConnectionReason::wrong_content_coding);
  CHECK(reason_of(200, false) == ConnectionReason::wrong_content_type);
  CHECK(reason_of(204, true) == ConnectionReason::told_to_stop);
  CHECK(reason_of(503, true) == ConnectionReason::refused);
}

TEST_CASE("a redirect whose status the transport hides is not a refusal") {
  Driver driver;
  driver.connect();
  ResponseHead head;
  head.redirect_failed = true;
  driver.respond(head);
  CHECK(driver.connection.state() == ConnectionState::closed);
  CHECK(driver.connection.reason() == ConnectionReason::redirect_failed);
}

TEST_CASE("a refusal that EventSource hides is retried except by the standard policy") {
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
