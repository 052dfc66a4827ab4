#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/publish_queue.hpp"

using regstream::broker::PublishHandler;
using regstream::broker::PublishLimits;
using regstream::broker::PublishQueue;

namespace {

bool push(PublishQueue& queue, std::string message) {
  PublishHandler done;
  return !queue.push(std::move(message), done);
}

}  // namespace

TEST_CASE("publishes are taken in order, and answered in order") {
  PublishQueue queue{PublishLimits{}};
  std::vector<int> answered;
  for (int i = 0; i < 3; ++i) {
    PublishHandler done = [&answered, i](const auto&) { answered.push_back(i); };
    CHECK_FALSE(queue.push(std::to_string(i), done));
  }
  CHECK(queue.take() == "0");
  CHECK(queue.take() == "1");
  queue.answered()({});
  CHECK(queue.take() == "2");
  CHECK_FALSE(queue.take());
  queue.answered()({});
  queue.answered()({});
  CHECK(answered == std::vector<int>{0, 1, 2});
}

TEST_CASE("the queue takes in a number of messages, and says why it takes no more") {
  PublishQueue queue{{.waiting_max = 2}};
  CHECK(push(queue, "a"));
  CHECK(push(queue, "b"));
  bool is_kept = false;
  PublishHandler done = [&is_kept](const auto&) { is_kept = true; };
  const auto error = queue.push("c", done);
  REQUIRE(error);
  CHECK(
      error->what ==
      "the update was dropped, since 2 others (2 bytes) wait for redis already: bring redis back");
  done({});
  CHECK(is_kept);
  CHECK(queue.take() == "a");
  CHECK(push(queue, "d"));
}

TEST_CASE("the queue takes in a number of bytes") {
  PublishQueue queue{{.waiting_bytes_max = 10}};
  CHECK(push(queue, "12345"));
  CHECK(push(queue, "12345"));
  CHECK_FALSE(push(queue, "1"));
  CHECK(queue.take());
  CHECK(push(queue, "12345"));
  CHECK_FALSE(push(queue, "1"));
}

TEST_CASE("a message that subscribers would drop is refused") {
  PublishQueue queue{{.message_bytes_max = 4}};
  CHECK(push(queue, "1234"));
  CHECK_FALSE(push(queue, "12345"));
}

TEST_CASE("no more than the limit is in flight") {
  PublishQueue queue{{.in_flight_max = 2}};
  for (const auto* message : {"a", "b", "c"}) {
    CHECK(push(queue, message));
  }
  CHECK(queue.take());
  CHECK(queue.take());
  CHECK_FALSE(queue.take());
  static_cast<void>(queue.answered());
  CHECK(queue.take() == "c");
}

TEST_CASE("what was in flight when the connection broke is not taken again") {
  PublishQueue queue{PublishLimits{}};
  for (const auto* message : {"a", "b", "c"}) {
    CHECK(push(queue, message));
  }
  CHECK(queue.take());
  CHECK(queue.take());
  CHECK(queue.lost().size() == 2);
  CHECK(queue.in_flight() == 0);
  CHECK(queue.take() == "c");
}
