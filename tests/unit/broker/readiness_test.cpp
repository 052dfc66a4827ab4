#include "broker/history/readiness.hpp"

#include <catch2/catch.hpp>

using regstream::Duration;
using regstream::Instant;
using regstream::broker::Readiness;

namespace {

constexpr Instant start{Duration{5'000}};

}  // namespace

TEST_CASE("a process is ready once both reading and publishing are proved") {
  Readiness readiness{"not reached yet"};
  CHECK(readiness.obstacles().reading == "not reached yet");
  CHECK(readiness.obstacles().publishing == "not reached yet");
  CHECK(readiness.is_probe_due(start));
  readiness.on_read();
  CHECK(readiness.obstacles().reading.empty());
  CHECK_FALSE(readiness.obstacles().publishing.empty());
  readiness.on_published(start);
  CHECK(readiness.obstacles().publishing.empty());
}

TEST_CASE("the last attempt counts for reading and for publishing") {
  Readiness readiness{"x"};
  readiness.on_read();
  readiness.on_published(start);
  readiness.on_publishing_failed("out of memory", start);
  CHECK(readiness.obstacles().reading.empty());
  CHECK(readiness.obstacles().publishing == "out of memory");
  readiness.on_reading_failed("busy");
  readiness.on_published(start);
  CHECK(readiness.obstacles().reading == "busy");
  CHECK(readiness.obstacles().publishing.empty());
}

TEST_CASE("a probe is due after some seconds without a publish") {
  Readiness readiness{"x"};
  readiness.on_probed(start);
  CHECK_FALSE(readiness.is_probe_due(start));
  readiness.on_published(start + Duration{1});
  const Instant due = start + Duration{1} + Readiness::probe_interval;
  CHECK(readiness.next_probe() == due);
  CHECK_FALSE(readiness.is_probe_due(due - Duration{1}));
  CHECK(readiness.is_probe_due(due));
  readiness.on_probed(due);
  CHECK_FALSE(readiness.is_probe_due(due));
}

TEST_CASE("one refused publish says nothing about the next and a probe is due at once") {
  Readiness readiness{"x"};
  readiness.on_published(start);
  readiness.on_publish_doubted();
  CHECK(readiness.obstacles().publishing.empty());
  CHECK(readiness.is_probe_due(start));
}
