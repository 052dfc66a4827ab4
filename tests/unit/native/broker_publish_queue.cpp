#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/message/codec.hpp>

#include "broker/history/publish_queue.hpp"

using regstream::Duration;
using regstream::EventId;
using regstream::Instant;
using regstream::broker::PublishHandler;
using regstream::broker::PublishLimits;
using regstream::broker::PublishQueue;

namespace {

constexpr Instant start{Duration{5'000}};
constexpr Duration minute{60'000};

bool push(PublishQueue& queue, std::string message) {
  PublishHandler done;
  return !queue.push(std::move(message), {"key"}, done);
}

/// The message that is taken; empty if there is none.
std::string take(PublishQueue& queue, Instant now = start) {
  const auto* const publish = queue.take(now);
  return publish == nullptr ? "" : publish->message;
}

}  // namespace

TEST_CASE("publishes are taken in order, and answered in order") {
  PublishQueue queue{PublishLimits{}, minute};
  std::vector<int> answered;
  for (int i = 0; i < 3; ++i) {
    PublishHandler done = [&answered, i](const auto&) { answered.push_back(i); };
    CHECK_FALSE(queue.push(std::to_string(i), {"key" + std::to_string(i)}, done));
  }
  CHECK(take(queue) == "0");
  const auto* const second = queue.take(start);
  REQUIRE(second != nullptr);
  CHECK(second->message == "1");
  CHECK(second->key.text == "key1");
  queue.answered()(EventId{});
  CHECK(take(queue) == "2");
  CHECK(queue.take(start) == nullptr);
  queue.answered()(EventId{});
  queue.answered()(EventId{});
  CHECK(answered == std::vector<int>{0, 1, 2});
  CHECK_FALSE(queue.answered());
}

TEST_CASE("the queue takes in a number of messages, and says why it takes no more") {
  PublishQueue queue{{.waiting_max = 2}, minute};
  CHECK(push(queue, "a"));
  CHECK(push(queue, "b"));
  bool is_kept = false;
  PublishHandler done = [&is_kept](const auto&) { is_kept = true; };
  const auto error = queue.push("c", {"key"}, done);
  REQUIRE(error);
  CHECK(
      error->what ==
      "the update was dropped, since 2 others (2 bytes) wait for redis already: bring redis back");
  done(EventId{});
  CHECK(is_kept);
  CHECK(take(queue) == "a");
  CHECK(push(queue, "d"));
}

TEST_CASE("the queue takes in a number of bytes") {
  PublishQueue queue{{.waiting_bytes_max = 10}, minute};
  CHECK(push(queue, "12345"));
  CHECK(push(queue, "12345"));
  CHECK_FALSE(push(queue, "1"));
  CHECK(take(queue) == "12345");
  CHECK(push(queue, "12345"));
  CHECK_FALSE(push(queue, "1"));
}

TEST_CASE(
    "a message that subscribers would drop is refused, and a key that redis should not keep") {
  PublishQueue queue{{.message_bytes_max = 4, .key_bytes_max = 3}, minute};
  CHECK(push(queue, "1234"));
  CHECK_FALSE(push(queue, "12345"));
  PublishHandler done;
  CHECK(queue.push("1234", {"long"}, done));
}

TEST_CASE("the largest message that is taken reaches subscribers with the longest id, too") {
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

TEST_CASE("no more than the limit is in flight") {
  PublishQueue queue{{.in_flight_max = 2}, minute};
  for (const auto* message : {"a", "b", "c"}) {
    CHECK(push(queue, message));
  }
  CHECK(take(queue) == "a");
  CHECK(take(queue) == "b");
  CHECK(take(queue).empty());
  static_cast<void>(queue.answered());
  CHECK(take(queue) == "c");
}

TEST_CASE("what was in flight when the connection broke is taken again, before all others") {
  PublishQueue queue{{.waiting_max = 1, .waiting_bytes_max = 1}, minute};
  for (const auto* message : {"a", "b", "c"}) {
    CHECK(push(queue, message));
    if (*message != 'c') {
      CHECK(take(queue) == message);
    }
  }
  queue.lost();
  CHECK(queue.in_flight() == 0);
  CHECK(queue.waiting() == 3);
  CHECK_FALSE(push(queue, "d"));
  CHECK(take(queue) == "a");
  CHECK(take(queue) == "b");
  CHECK(take(queue) == "c");
  CHECK(push(queue, "d"));
}

TEST_CASE("what was sent first too long ago is given up, and what was never sent is not") {
  PublishQueue queue{PublishLimits{}, minute};
  std::vector<std::string> given_up;
  for (const std::string message : {"a", "b", "c"}) {
    PublishHandler done = [&given_up, message](const auto&) { given_up.push_back(message); };
    CHECK_FALSE(queue.push(message, {"key"}, done));
  }
  CHECK(take(queue, start) == "a");
  CHECK(take(queue, start + Duration{1}) == "b");
  queue.lost();
  CHECK(queue.expired(start + minute).empty());
  // Sending it again does not make it younger.
  CHECK(take(queue, start + minute) == "a");
  queue.lost();
  const auto expired = queue.expired(start + minute + Duration{1});
  REQUIRE(expired.size() == 1);
  expired.front().done(EventId{});
  CHECK(given_up == std::vector<std::string>{"a"});
  CHECK(take(queue, start + minute) == "b");
  queue.lost();
  CHECK(queue.expired(start + 100 * minute).size() == 1);
  CHECK(take(queue) == "c");
}
