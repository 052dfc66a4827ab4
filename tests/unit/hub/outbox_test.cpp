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

TEST_CASE("An outbox gives its frames in order and forgets what was sent") {
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

TEST_CASE("A frame is a chunk with its header or bare") {
  const std::string text(300, 'x');
  const FramePtr frame = make_frame(text);
  CHECK(frame->in(Framing::bare) == text);
  CHECK(frame->in(Framing::chunked) == "12c\r\n" + text + "\r\n");
}

TEST_CASE("A frame and its continuation are one chunk") {
  const FramePtr continuation = make_continuation("data: b\n\n");
  const FramePtr first = make_first_frame("id: 1\n", *continuation);
  CHECK(first->in(Framing::bare) == "id: 1\n");
  CHECK(continuation->in(Framing::bare) == "data: b\n\n");
  std::string chunk(first->in(Framing::chunked));
  chunk += continuation->in(Framing::chunked);
  CHECK(chunk == "f\r\nid: 1\ndata: b\n\n\r\n");
}

TEST_CASE("An outbox of chunks counts and forgets their framing too") {
  Outbox outbox(Framing::chunked);
  outbox.push(make_frame("abc"));
  outbox.push(make_frame("de"));
  CHECK(outbox.bytes_waiting() == 15);
  outbox.consume(8);
  REQUIRE(outbox.frames().size() == 1);
  CHECK(outbox.wire_bytes(*outbox.frames().front()) == "2\r\nde\r\n");
  outbox.consume(6);
  CHECK(outbox.sent_of_first() == 6);
  outbox.consume(1);
  CHECK(outbox.empty());
}

TEST_CASE("An end in good order is the last chunk or nothing") {
  Outbox chunked(Framing::chunked);
  chunked.push(make_frame("abc"));
  CHECK_FALSE(chunked.is_finished());
  chunked.finish(StreamEnd::shutdown);
  CHECK(chunked.is_finished());
  CHECK(chunked.wire_bytes(*chunked.frames().back()) == "0\r\n\r\n");
  CHECK(chunked.bytes_waiting() == 13);

  Outbox bare;
  bare.finish(StreamEnd::shutdown);
  CHECK(bare.is_finished());
  CHECK(bare.empty());
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
  outbox.consume(3);
  CHECK(frame->use_count() == 1);
}

TEST_CASE("An outbox that is finished takes nothing more") {
  Outbox outbox{Framing::chunked};
  outbox.push(make_frame("abc"));
  outbox.finish(StreamEnd::shutdown);
  const std::string body = waiting_text(outbox);
  outbox.push(make_frame("def"));
  CHECK(waiting_text(outbox) == body);
  outbox.consume(outbox.bytes_waiting());
  outbox.push(make_frame("def"));
  CHECK(outbox.empty());
}
