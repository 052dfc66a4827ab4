#include "watch/frame.hpp"

#include <algorithm>
#include <regex>

#include "folded_updates.hpp"

using namespace regstream;
using namespace regstream::watch;

namespace {

constexpr Terminal plain{
    .rows = 24, .is_utf8 = false, .now_ms = begin_ms + 3'000, .utc_offset = {}};

const Link live{.state = ConnectionState::open,
                .is_connected = true,
                .was_connected = true,
                .problem = {},
                .resets = 0};

/// What is read on the screen: without colours, and without blanks at an end.
Frame read(const Frame& frame) {
  Frame result;
  for (const std::string& line : frame) {
    const std::string text = std::regex_replace(line, std::regex("\x1b\\[[0-9]*m"), "");
    result.push_back(std::regex_replace(text, std::regex(" +$"), ""));
  }
  return result;
}

Registration half_way() {
  Registration registration(42);
  registration.apply(update_of(42, stage_members("duplicate_check", "started", 0, "Checking")));
  registration.apply(
      update_of(42, stage_members("duplicate_check", "completed", 1'200, "No duplicates")));
  registration.apply(update_of(42, stage_members("t24_lookup", "started", 1'500, "Looking up")));
  return registration;
}

}  // namespace

TEST_CASE(
    "a validation half-way: what has ended, what runs and for how long, and what is to come") {
  CHECK(read(frame_of_one(half_way().view(), registration_workflow(), live, plain)) ==
        Frame{
            "registration 42  PENDING  * live",
            "#####---------------  1 of 4  3.0 s",
            "+ Duplicate check             18:43:20  1.2 s     No duplicates",
            "> Core banking look-up (T24)  18:43:21  1.5 s     Looking up",
            ". Account validation",
            ". Status update",
            "Looking up",
        });
}

TEST_CASE("an outcome: the time that all took stands still") {
  Registration registration = half_way();
  registration.apply(update_of(42, final_members("FAILED", 4'000, "No accounts")));
  Terminal later = plain;
  later.now_ms += 600'000;
  const Frame frame = read(frame_of_one(registration.view(), registration_workflow(), live, later));
  CHECK(frame == read(frame_of_one(registration.view(), registration_workflow(), live, plain)));
  CHECK(frame[0] == "registration 42  FAILED  * live");
  CHECK(frame[1] == "####################  4 of 4  4.0 s");
  CHECK(frame[3] == "x Core banking look-up (T24)  18:43:21  2.5 s     Looking up");
  CHECK(frame.back() == "No accounts");
}

TEST_CASE("nothing known yet") {
  RegistrationView view;
  view.registration_id = 42;
  const Link connecting{.state = ConnectionState::connecting,
                        .is_connected = false,
                        .was_connected = false,
                        .problem = {},
                        .resets = 0};
  const Frame frame = read(frame_of_one(view, registration_workflow(), connecting, plain));
  CHECK(frame[0] == "registration 42  unknown  * connecting");
  CHECK(frame[1] == "--------------------  0 of 4");
}

TEST_CASE("a lost stream and a reset are said") {
  RegistrationView view = half_way().view();
  view.has_gap = true;
  Link lost = live;
  lost.is_connected = false;
  lost.state = ConnectionState::waiting;
  lost.problem = "it broke";
  lost.resets = 2;
  const Frame frame = read(frame_of_one(view, registration_workflow(), lost, plain));
  CHECK(frame[0] == "registration 42  PENDING  * reconnecting: it broke");
  CHECK(frame[6].starts_with("! Updates may have been missed (resets: 2)."));
  lost.state = ConnectionState::closed;
  CHECK(read(frame_of_one(view, registration_workflow(), lost, plain))[0] ==
        "registration 42  PENDING  * closed: it broke");
}

TEST_CASE("stages that the workflow doesn't declare follow those that it does") {
  Registration registration = half_way();
  registration.apply(update_of(42, stage_members("sanctions", "skipped", 2'000, "Not needed")));
  const Frame frame = read(frame_of_one(registration.view(), registration_workflow(), live, plain));
  CHECK(frame[6] == "- sanctions                                       Not needed");
}

TEST_CASE("all that move are a line each, the latest first") {
  Instances instances(registration_workflow());
  std::vector<std::string> events;
  const auto apply = [&](std::int64_t id, const std::string& members) {
    const std::string json =
        R"({"type":"update","data":{"registrationId":)" + std::to_string(id) + "," + members + "}}";
    StreamMessage message;
    REQUIRE_FALSE(decode_stream_message(json, registration_workflow(), message));
    static_cast<void>(instances.apply(message));
  };
  apply(7, final_members("APPROVED", 0, "Validated"));
  apply(42, stage_members("duplicate_check", "completed", 0, "None"));
  apply(42, stage_members("t24_lookup", "started", 1'500, "Looking up"));
  CHECK(read(frame_of_all(instances, registration_workflow(), live, plain)) ==
        Frame{
            "registration  moved so far: 2  * live",
            "42  PENDING   ##------  1 of 4   t24_lookup 1.5 s              Looking up",
            "7   APPROVED  ########  4 of 4                                 Validated",
        });
  CHECK(is_any_running(instances));

  Terminal low = plain;
  low.rows = 3;
  CHECK(read(frame_of_all(instances, registration_workflow(), live, low)) ==
        Frame{"registration  moved so far: 2  * live", "  2 more"});
}

TEST_CASE("only what draws the frame commands the terminal") {
  Registration registration(42);
  registration.apply(update_of(42, stage_members("x\\u001b[2J", "started", 0, "\\u009b31m\\r\\n")));
  Link link = live;
  link.is_connected = false;
  link.problem = "\x1b]0;title\x07";
  for (const std::string& line :
       read(frame_of_one(registration.view(), registration_workflow(), link, plain))) {
    CHECK(std::none_of(line.begin(), line.end(), [](unsigned char byte) { return byte < 0x20; }));
  }
}

TEST_CASE("a frame is drawn over the one before it, and what was longer is cleared") {
  CHECK(text_of_frame({"a", "b"}, 0) == "\x1b[?7l\ra\x1b[K\n\rb\x1b[K\n\x1b[J\x1b[?7h");
  CHECK(text_of_frame({"a"}, 2) == "\x1b[2A\x1b[?7l\ra\x1b[K\n\x1b[J\x1b[?7h");
}

TEST_CASE("a terminal with UTF-8 gets marks of its own") {
  Terminal utf8 = plain;
  utf8.is_utf8 = true;
  const Frame frame = read(frame_of_one(half_way().view(), registration_workflow(), live, utf8));
  CHECK(frame[0].ends_with("● live"));
  CHECK(frame[1].starts_with("█████░"));
  CHECK(frame[2].starts_with("✓ "));
  CHECK(frame[3].starts_with("▶ "));
  CHECK(frame[4].starts_with("○ "));
}
