#include "watch/times.hpp"

#include <limits>

#include "folded_updates.hpp"

using namespace regstream;
using namespace regstream::watch;
using namespace std::chrono_literals;

TEST_CASE("a timestamp is written in UTC, whatever it is") {
  CHECK(utc_text(begin_ms + 5) == "2023-12-13T18:43:20.005Z");
  CHECK(utc_text(0) == "1970-01-01T00:00:00.000Z");
  CHECK(utc_text(-1) == "1970-01-01T00:00:00.000Z");
  CHECK(utc_text(std::numeric_limits<std::int64_t>::max()) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("a clock shows local time") {
  CHECK(clock_text(begin_ms, 0ms) == "18:43:20");
  CHECK(clock_text(begin_ms, 5h + 30min) == "00:13:20");
  CHECK(clock_text(begin_ms, -8h) == "10:43:20");
  CHECK(clock_text(0, -8h) == "00:00:00");
}

TEST_CASE("a stage's time runs until it has ended, and is never negative") {
  StageView stage{.name = "t24_lookup",
                  .status = StageStatus::started,
                  .message = {},
                  .started_timestamp_ms = begin_ms,
                  .ended_timestamp_ms = 0};
  CHECK(stage_time(stage, begin_ms + 1'500) == 1'500ms);
  // The publisher's clock is ahead of this one.
  CHECK(stage_time(stage, begin_ms - 1'500) == 0ms);
  stage.status = StageStatus::completed;
  CHECK(stage_time(stage, begin_ms + 9'000) == 0ms);
  stage.ended_timestamp_ms = begin_ms + 300;
  CHECK(stage_time(stage, begin_ms + 9'000) == 300ms);
}

TEST_CASE("the total is counted from the stage that started first") {
  Registration registration(42);
  registration.apply(update_of(42, stage_members("duplicate_check", "started", 0, "m")));
  registration.apply(update_of(42, stage_members("t24_lookup", "started", 500, "m")));
  CHECK(total_time(registration.view()) == 500ms);
  registration.apply(update_of(42, final_members("APPROVED", 4'200, "m")));
  CHECK(total_time(registration.view()) == 4'200ms);
  CHECK(total_time(RegistrationView{}) == 0ms);
}
