#include "watch/lines.hpp"

#include "folded_updates.hpp"

using namespace regstream;
using namespace regstream::watch;

namespace {

using Lines = std::vector<std::string>;

constexpr std::int64_t now_ms = begin_ms + 60'000;

/// Folds updates of registration 42, and gives the lines of each.
struct Story {
  Lines apply(const std::string& members) {
    const RegistrationView before = registration.view();
    registration.apply(update_of(42, members));
    return lines_of_change(before, registration.view(), registration_workflow(), now_ms);
  }

  Registration registration{42};
};

}  // namespace

TEST_CASE("a validation is a line for each stage that begins or ends, and one for its outcome") {
  Story story;
  CHECK(
      story.apply(stage_members("duplicate_check", "started", 0, "Checking for duplicates")) ==
      Lines{
          "2023-12-13T18:43:20.000Z 42 duplicate_check started (0 of 4): Checking for duplicates"});
  CHECK(story.apply(stage_members("duplicate_check", "completed", 1'200, "None")) ==
        Lines{"2023-12-13T18:43:21.200Z 42 duplicate_check completed after 1.2 s (1 of 4): None"});
  CHECK(story.apply(final_members("APPROVED", 5'000, "Validated")) ==
        Lines{"2023-12-13T18:43:25.000Z 42 APPROVED after 5.0 s (4 of 4): Validated"});
  // Again the same: a replay.
  CHECK(story.apply(final_members("APPROVED", 5'000, "Validated")).empty());
}

TEST_CASE("the stages that a failure ends have their line before it") {
  Story story;
  story.apply(stage_members("t24_lookup", "started", 0, "Looking up"));
  CHECK(story.apply(final_members("FAILED", 2'000, "No accounts")) ==
        Lines{"2023-12-13T18:43:22.000Z 42 t24_lookup failed after 2.0 s (1 of 4): Looking up",
              "2023-12-13T18:43:22.000Z 42 FAILED after 2.0 s (4 of 4): No accounts"});
}

TEST_CASE("another validation begins from nothing, though a stage of it looks as before") {
  Story story;
  story.apply(stage_members("duplicate_check", "completed", 0, "None"));
  story.apply(stage_members("t24_lookup", "completed", 100, "Found"));
  story.apply(final_members("APPROVED", 200, "Validated"));
  CHECK(story.apply(stage_members("duplicate_check", "started", 9'000, "Checking")) ==
        Lines{"2023-12-13T18:43:29.000Z 42 duplicate_check started (0 of 4): Checking"});
}

TEST_CASE("a snapshot tells what has happened so far, in order and with its own times") {
  Story story;
  story.apply(stage_members("duplicate_check", "completed", 0, "None"));
  story.apply(stage_members("t24_lookup", "started", 100, "Looking up"));
  RegistrationView nothing;
  nothing.registration_id = 42;
  CHECK(lines_of_change(nothing, story.registration.view(), registration_workflow(), now_ms) ==
        Lines{"2023-12-13T18:43:20.000Z 42 duplicate_check completed (1 of 4): None",
              "2023-12-13T18:43:20.100Z 42 t24_lookup started (1 of 4): Looking up"});
}

TEST_CASE("a status without stages is a line, also where it isn't final") {
  Story story;
  CHECK(story.apply(R"("status":"PENDING","message":"Submitted")") ==
        Lines{"2023-12-13T18:44:20.000Z 42 PENDING (0 of 4): Submitted"});
  CHECK(story.apply(R"("status":"PENDING","message":"In the queue")") ==
        Lines{"2023-12-13T18:44:20.000Z 42 PENDING (0 of 4): In the queue"});
}

TEST_CASE("a gap has a line, and so has the snapshot that closes it") {
  Story story;
  story.apply(stage_members("duplicate_check", "started", 0, "m"));
  const RegistrationView whole = story.registration.view();
  story.registration.mark_gap(Gap::lost_history);
  const RegistrationView gapped = story.registration.view();
  CHECK(lines_of_change(whole, gapped, registration_workflow(), now_ms).empty());
  CHECK(lines_of_change(gapped, whole, registration_workflow(), now_ms) ==
        Lines{"2023-12-13T18:44:20.000Z 42 snapshot: what follows is complete again"});
  CHECK(line_of_gap({}, now_ms) ==
        "2023-12-13T18:44:20.000Z stream reset: updates may have been missed");
  CHECK(line_of_gap("It is too large\x1b", now_ms) ==
        "2023-12-13T18:44:20.000Z stream an update may have been missed: It is too large\\u001b");
}

TEST_CASE("text of others can't command a terminal") {
  Story story;
  CHECK(story.apply(stage_members("x\\u001b[2J", "started", 0, "\\u009b31m\\nnext")) ==
        Lines{"2023-12-13T18:43:20.000Z 42 x\\u001b[2J started (0 of 1): \\u009b31m\\u000anext"});
  RegistrationView view;
  view.text_id = "file\x1b[2J";
  CHECK(name_of(view) == "file\\u001b[2J");
}

TEST_CASE("the connection's changes are lines where they mean something to the reader") {
  const auto line = [](ConnectionState to, ConnectionReason reason, std::string_view problem = {},
                       bool was_connected = false) {
    return line_of_state(
        {.from = ConnectionState::idle, .to = to, .reason = reason, .is_connected = false},
        was_connected, problem, now_ms);
  };
  const std::string time = "2023-12-13T18:44:20.000Z ";
  CHECK(line(ConnectionState::open, ConnectionReason::accepted) == time + "stream live");
  CHECK(line(ConnectionState::open, ConnectionReason::accepted, {}, true).empty());
  CHECK(line(ConnectionState::waiting, ConnectionReason::network_failed, "it broke\x1b") ==
        time + "stream reconnecting: it broke\\u001b");
  CHECK(line(ConnectionState::waiting, ConnectionReason::offline) ==
        time + "stream reconnecting: offline");
  CHECK(line(ConnectionState::closed, ConnectionReason::forbidden, "403") ==
        time + "stream closed: forbidden: 403");
  CHECK(line(ConnectionState::closed, ConnectionReason::requested).empty());
  CHECK(line(ConnectionState::connecting, ConnectionReason::requested).empty());
}
