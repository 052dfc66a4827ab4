#include <string>

#include <catch2/catch.hpp>

#include "hub/outbox.hpp"

using namespace regstream::hub;

namespace {

// What the outbox would send, in order.
std::string waiting_text(const Outbox& outbox) {
  std::string text;
  for (const FramePtr& frame : outbox.frames()) {
    text += frame->bytes();
  }
  return text.substr(outbox.sent_of_first());
}

}  // namespace

TEST_CASE("An outbox gives its frames in order, and forgets what was sent") {
  Outbox outbox;
  outbox.push(make_frame("abc"));
  outbox.push(make_frame("de"));
  outbox.push(make_frame("f"));
  CHECK(outbox.bytes_waiting() == 6);

  SECTION("a part of the first frame") {
    outbox.consume(2);
    CHECK(waiting_text(outbox) == "cdef");
    CHECK(outbox.bytes_waiting() == 4);
  }
  SECTION("exactly one frame") {
    outbox.consume(3);
    CHECK(waiting_text(outbox) == "def");
  }
  SECTION("across frames, into the middle of one") {
    outbox.consume(4);
    CHECK(waiting_text(outbox) == "ef");
    outbox.consume(1);
    CHECK(waiting_text(outbox) == "f");
  }
  SECTION("everything, and then it takes more") {
    outbox.consume(6);
    CHECK(outbox.empty());
    CHECK(outbox.frames().empty());
    outbox.push(make_frame("g"));
    CHECK(waiting_text(outbox) == "g");
  }
}

TEST_CASE("An outbox that is never quite empty keeps its order over thousands of frames") {
  Outbox outbox;
  std::string expected;
  std::string sent;
  for (int index = 0; index < 5'000; ++index) {
    const std::string text = std::to_string(index) + ',';
    outbox.push(make_frame(text));
    expected += text;
    const std::size_t bytes = outbox.bytes_waiting() / 3;
    sent += waiting_text(outbox).substr(0, bytes);
    outbox.consume(bytes);
    REQUIRE_FALSE(outbox.empty());
    REQUIRE(outbox.frames().size() < 20);
  }
  CHECK(sent + waiting_text(outbox) == expected);
}

TEST_CASE("An outbox lets go of its frames as they are sent") {
  Outbox outbox;
  const FramePtr frame = make_frame("abc");
  outbox.push(frame);
  outbox.push(frame);
  CHECK(frame->use_count() == 3);
  outbox.consume(3);
  CHECK(frame->use_count() == 2);
  outbox.clear();
  CHECK(frame->use_count() == 1);
}
