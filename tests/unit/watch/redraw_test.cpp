#include "watch/redraw.hpp"

#include <catch2/catch.hpp>

using namespace regstream;
using namespace regstream::watch;

TEST_CASE("a change is drawn at once, and many changes in one frame") {
  Redraw redraw;
  Instant now{Duration{1'000}};
  CHECK_FALSE(redraw.next_deadline());

  redraw.changed(now);
  CHECK(redraw.next_deadline() == now);
  redraw.drawn(now, false);
  CHECK_FALSE(redraw.next_deadline());

  const Instant next = now + Redraw::spacing_min;
  for (int change = 0; change < 10; ++change) {
    now += Duration{1};
    redraw.changed(now);
    CHECK(redraw.next_deadline() == next);
  }
}

TEST_CASE("what runs is drawn again as its time moves on, and a change comes sooner") {
  Redraw redraw;
  const Instant now{};
  redraw.drawn(now, true);
  CHECK(redraw.next_deadline() == now + Redraw::running_interval);
  redraw.changed(now + Duration{60});
  CHECK(redraw.next_deadline() == now + Duration{60});
  redraw.drawn(now + Duration{60}, false);
  CHECK_FALSE(redraw.next_deadline());
}
