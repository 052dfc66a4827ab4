#include <catch2/catch.hpp>
#include <regstream/message/status.hpp>

using regstream::infer_stage_status;
using regstream::parse_stage_status;
using regstream::parse_status;
using regstream::StageStatus;
using regstream::Status;

TEST_CASE("every status has its wire name and reads back") {
  for (const Status status :
       {Status::pending, Status::approved, Status::duplicate, Status::failed, Status::completed}) {
    CHECK(parse_status(to_string(status)) == status);
    CHECK(is_final(status) == (status != Status::pending));
  }
  CHECK(to_string(Status::pending) == "PENDING");
}

TEST_CASE("an unknown status is other and has no name and is not final") {
  CHECK(parse_status("ARCHIVED") == Status::other);
  CHECK(parse_status("pending") == Status::other);
  CHECK(parse_status("") == Status::other);
  CHECK(to_string(Status::other).empty());
  CHECK_FALSE(is_final(Status::other));
}

TEST_CASE("every stage status has its wire name and reads back") {
  for (const StageStatus status :
       {StageStatus::started, StageStatus::completed, StageStatus::failed, StageStatus::skipped}) {
    CHECK(parse_stage_status(to_string(status)) == status);
  }
  CHECK_FALSE(parse_stage_status("Started").has_value());
  CHECK_FALSE(parse_stage_status("").has_value());
}

TEST_CASE("a message with the word started means started") {
  CHECK(infer_stage_status("started") == StageStatus::started);
  CHECK(infer_stage_status("T24 look-up Started.") == StageStatus::started);
  CHECK(infer_stage_status("stage:STARTED") == StageStatus::started);
}

TEST_CASE("any other message means completed") {
  CHECK(infer_stage_status("") == StageStatus::completed);
  CHECK(infer_stage_status("Checking for duplicates") == StageStatus::completed);
  CHECK(infer_stage_status("Found 5 accounts") == StageStatus::completed);
  CHECK(infer_stage_status("restarted") == StageStatus::completed);
  CHECK(infer_stage_status("started_at was set") == StageStatus::completed);
  CHECK(infer_stage_status("startedé") == StageStatus::completed);
}
