#include "broker/history/publish_queue.hpp"

#include <algorithm>
#include <cstdint>
#include <list>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/message/codec.hpp>

using regstream::Duration;
using regstream::EventId;
using regstream::Instant;
using regstream::broker::Patience;
using regstream::broker::PublishError;
using regstream::broker::PublishHandler;
using regstream::broker::PublishLimits;
using regstream::broker::PublishQueue;
using regstream::broker::PublishResult;

namespace {

constexpr Instant start{Duration{5'000}};
constexpr Duration minute{60'000};

bool push(PublishQueue& queue, std::string message, Patience patience = Patience::waits) {
  PublishHandler done;
  return !queue.push(std::move(message), {}, done, patience);
}

/// A batch's number, its messages, and a '+' if others are unanswered: "3:ab+". Empty: no batch.
std::string shown(const PublishQueue::Batch* batch) {
  if (batch == nullptr) {
    return "";
  }
  std::string text = std::to_string(batch->first) + ':';
  for (const auto& publish : batch->publishes) {
    text += publish.message;
  }
  return text + (batch->is_first_in_line ? "" : "+");
}

std::string next_batch(PublishQueue& queue, Instant now = start) {
  return shown(queue.next_batch(now));
}

std::string messages(const std::list<PublishQueue::Publish>& publishes) {
  std::string text;
  for (const auto& publish : publishes) {
    text += publish.message;
  }
  return text;
}

/// Gives ids to the batch that is due, and returns its messages.
std::string acknowledge(PublishQueue& queue) {
  queue.accepted(std::vector<PublishResult>(queue.due(), EventId{1, 1}));
  return messages(queue.acknowledged());
}

}  // namespace

TEST_CASE("everything that waits is one batch and each publish has its own result") {
  PublishQueue queue{PublishLimits{}, minute};
  std::vector<std::string> ended;
  for (const std::string message : {"a", "b", "c"}) {
    PublishHandler done = [&ended, message](const PublishResult& result) {
      ended.push_back(message + (std::holds_alternative<EventId>(result) ? "" : " failed"));
    };
    CHECK_FALSE(queue.push(message, "key " + message, done));
  }
  const auto* const batch = queue.next_batch(start);
  REQUIRE(shown(batch) == "1:abc");
  CHECK(batch->publishes.back().key == "key c");
  CHECK(queue.in_flight() == 3);
  CHECK(queue.due() == 3);
  CHECK(queue.next_batch(start) == nullptr);
  CHECK(queue.acknowledged().empty());  // Not before it is accepted.
  queue.accepted({EventId{1, 1}, PublishError{"no object"}, EventId{1, 2}});
  CHECK(queue.due() == 0);
  CHECK(queue.in_flight() == 3);
  for (const auto& publish : queue.acknowledged()) {
    publish.done(publish.result);
  }
  CHECK(ended == std::vector<std::string>{"a", "b failed", "c"});
  CHECK(queue.in_flight() == 0);
  CHECK(queue.acknowledged().empty());
}

TEST_CASE("no publish waits for others to go with it") {
  PublishQueue queue{PublishLimits{}, minute};
  CHECK(push(queue, "a"));
  CHECK(next_batch(queue) == "1:a");
  CHECK(push(queue, "b"));
  CHECK(next_batch(queue) == "2:b+");
  CHECK(acknowledge(queue) == "a");
  CHECK(acknowledge(queue) == "b");
  CHECK(push(queue, "c"));
  CHECK(next_batch(queue) == "3:c");
}

TEST_CASE("a batch has a limit of updates and one of bytes and a larger update goes alone") {
  PublishQueue queue{{.batch_updates_max = 3, .batch_bytes_max = 4}, minute};
  for (const auto* message : {"a", "b", "c", "d", "55555", "666", "7", "8", "999"}) {
    CHECK(push(queue, message));
  }
  CHECK(next_batch(queue) == "1:abc");
  CHECK(next_batch(queue) == "4:d+");
  CHECK(next_batch(queue) == "5:55555+");
  CHECK(next_batch(queue) == "6:6667+");
  CHECK(next_batch(queue) == "8:8999+");
}

TEST_CASE("no more batches are in flight than redis knows again") {
  const auto chosen = GENERATE(std::size_t{1}, std::size_t{3}, std::size_t{5}, std::size_t{100});
  PublishQueue queue{{.batch_updates_max = 1, .batches_in_flight_max = chosen}, minute};
  for (int i = 0; i < 10; ++i) {
    CHECK(push(queue, "x"));
  }
  std::size_t taken = 0;
  while (queue.next_batch(start) != nullptr) {
    ++taken;
  }
  CHECK(taken == std::min<std::size_t>(chosen, 5));
  acknowledge(queue);
  CHECK(queue.next_batch(start) != nullptr);
  CHECK(queue.next_batch(start) == nullptr);
}

TEST_CASE("an accepted batch is in flight until it is acknowledged") {
  PublishQueue queue{{.batch_updates_max = 1, .batches_in_flight_max = 2}, minute};
  for (const auto* message : {"a", "b", "c"}) {
    CHECK(push(queue, message));
  }
  CHECK(next_batch(queue) == "1:a");
  CHECK(next_batch(queue) == "2:b+");
  queue.accepted({EventId{1, 1}});
  queue.accepted({EventId{1, 2}});
  CHECK(next_batch(queue).empty());
  CHECK(messages(queue.acknowledged()) == "a");
  CHECK(next_batch(queue) == "3:c+");
  // After a lost connection, unacknowledged batches wait again.
  queue.lost();
  CHECK(next_batch(queue) == "2:b");
  CHECK(next_batch(queue) == "3:c+");
  CHECK(acknowledge(queue) == "b");
  CHECK(acknowledge(queue) == "c");
}

TEST_CASE("the queue accepts a limited number of messages and says why it refuses more") {
  PublishQueue queue{{.waiting_max = 2}, minute};
  CHECK(push(queue, "a"));
  CHECK(push(queue, "b"));
  bool is_kept = false;
  PublishHandler done = [&is_kept](const auto&) { is_kept = true; };
  const auto error = queue.push("c", "key", done);
  REQUIRE(error);
  CHECK(
      error->what ==
      "the update was dropped, since 2 others (2 bytes) wait for redis already: bring redis back");
  done(EventId{});
  CHECK(is_kept);
  CHECK(next_batch(queue) == "1:ab");
  CHECK(push(queue, "d"));
}

TEST_CASE("the queue accepts a limited number of bytes") {
  PublishQueue queue{{.waiting_bytes_max = 10, .batch_updates_max = 1}, minute};
  CHECK(push(queue, "12345"));
  CHECK(push(queue, "12345"));
  CHECK_FALSE(push(queue, "1"));
  CHECK(next_batch(queue) == "1:12345");
  CHECK(push(queue, "12345"));
  CHECK_FALSE(push(queue, "1"));
}

TEST_CASE(
    "a message that subscribers would drop is refused, and a key that redis should not keep") {
  PublishQueue queue{{.message_bytes_max = 4, .key_bytes_max = 3}, minute};
  CHECK(push(queue, "1234"));
  CHECK_FALSE(push(queue, "12345"));
  PublishHandler done;
  CHECK(queue.push("1234", "long", done));
}

TEST_CASE("the largest accepted message reaches subscribers even with the longest id") {
  PublishQueue queue{{}, minute};
  const std::string begin = R"({"registrationId":42,"status":"PENDING","message":")";
  const std::string largest =
      begin + std::string(PublishLimits{}.message_bytes_max - begin.size() - 2, 'x') + "\"}";
  CHECK(push(queue, largest));
  CHECK_FALSE(push(queue, largest + " "));
  const std::string stamped = largest.substr(0, largest.size() - 1) + R"(,"id":")" +
                              to_string(regstream::EventId{UINT64_MAX, UINT64_MAX}) + "\"}";
  CHECK(std::holds_alternative<regstream::Update>(regstream::decode_update(stamped)));
}

TEST_CASE("batches in flight when the connection broke are sent again unchanged and first") {
  PublishQueue queue{{.waiting_max = 1, .waiting_bytes_max = 1}, minute};
  for (const auto* message : {"a", "b", "c"}) {
    CHECK(push(queue, message));
    if (*message != 'c') {
      CHECK_FALSE(next_batch(queue).empty());
    }
  }
  queue.lost();
  CHECK(queue.in_flight() == 0);
  CHECK(queue.waiting() == 3);
  CHECK(queue.waiting_bytes() == 3);
  CHECK_FALSE(push(queue, "d"));
  CHECK(next_batch(queue) == "1:a");
  CHECK(next_batch(queue) == "2:b+");
  CHECK(next_batch(queue) == "3:c+");
  CHECK(queue.waiting_bytes() == 0);
  CHECK(push(queue, "d"));
}

TEST_CASE("what was refused is another batch when it is sent again with what came since") {
  PublishQueue queue{{}, minute};
  push(queue, "a");
  next_batch(queue);
  push(queue, "b");
  CHECK(next_batch(queue) == "2:b+");
  queue.hold_back();
  push(queue, "c");
  CHECK(next_batch(queue).empty());
  queue.hold_back();
  // Its numbers belonged to another batch.
  CHECK(next_batch(queue) == "3:abc");
}

TEST_CASE("a batch that may be in the history keeps its number though it is refused") {
  PublishQueue queue{{}, minute};
  push(queue, "a");
  next_batch(queue);
  push(queue, "b");
  next_batch(queue);
  queue.lost();
  CHECK(next_batch(queue) == "1:a");
  CHECK(next_batch(queue) == "2:b+");
  push(queue, "c");
  CHECK(next_batch(queue) == "3:c+");
  queue.hold_back();
  queue.hold_back();
  queue.hold_back();
  CHECK(next_batch(queue) == "1:a");
  CHECK(next_batch(queue) == "2:b+");
  // Its number is not used again, so that it can't follow on theirs.
  CHECK(next_batch(queue).empty());
  CHECK(acknowledge(queue) == "a");
  CHECK(acknowledge(queue) == "b");
  CHECK(next_batch(queue) == "4:c");
}

TEST_CASE("behind one that was refused a batch that is lost is certain and has another number") {
  PublishQueue queue{{}, minute};
  push(queue, "a");
  next_batch(queue);
  push(queue, "b", Patience::refuses);
  next_batch(queue);
  queue.hold_back();
  queue.lost();
  CHECK(messages(queue.withdraw()) == "b");
  CHECK(next_batch(queue) == "3:a");
}

TEST_CASE("behind one that was refused and may be in the history so may what is lost") {
  PublishQueue queue{{}, minute};
  push(queue, "a");
  next_batch(queue);
  queue.lost();
  CHECK(next_batch(queue) == "1:a");
  push(queue, "b", Patience::refuses);
  CHECK(next_batch(queue) == "2:b+");
  queue.hold_back();
  queue.lost();
  CHECK(queue.withdraw().empty());
  CHECK(next_batch(queue) == "1:a");
  CHECK(next_batch(queue) == "2:b+");
}

TEST_CASE("a batch that was first sent too long ago is given up and unsent ones are not") {
  PublishQueue queue{{.batch_updates_max = 2}, minute};
  for (const auto* const message : {"a", "b", "c", "d"}) {
    push(queue, message);
  }
  CHECK(next_batch(queue, start) == "1:ab");
  CHECK(next_batch(queue, start + Duration{1}) == "3:cd+");
  push(queue, "e");
  queue.lost();
  CHECK(queue.expired(start + minute).empty());
  // Sending it again does not make it younger.
  CHECK(next_batch(queue, start + minute) == "1:ab");
  queue.lost();
  CHECK(messages(queue.expired(start + minute + Duration{1})) == "ab");
  CHECK(next_batch(queue, start + minute) == "3:cd");
  queue.lost();
  CHECK(messages(queue.expired(start + 100 * minute)) == "cd");
  CHECK(next_batch(queue) == "5:e");
  CHECK(queue.waiting() == 0);
}
