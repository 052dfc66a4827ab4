// Publishes updates by PUBLISH, at an even pace, to registrations that take turns.
//
//   paced_publisher REDIS_PORT CHANNEL UPDATES_A_SECOND COUNT REGISTRATIONS
//
// Each update says when it was sent, by CLOCK_MONOTONIC, so that a reader on this machine knows how
// long it took (EventCounter). An update that is late by this program's own fault is sent at once,
// and counts from then. Ends when Redis has answered all; prints {"published":COUNT}.

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "redis_socket.hpp"

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "paced_publisher: " << what << std::endl;
  std::exit(1);
}

std::uint64_t read_number(std::string_view text, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest != text.data() + text.size() || number == 0 || number > most) {
    fail("no number from 1 to " + std::to_string(most) + ": " + std::string(text));
  }
  return number;
}

std::string update_of(std::uint64_t registration) {
  const auto now = Clock::now().time_since_epoch();
  const auto date = std::chrono::system_clock::now().time_since_epoch();
  using std::chrono::duration_cast, std::chrono::nanoseconds, std::chrono::milliseconds;
  return R"({"sentNs":)" + std::to_string(duration_cast<nanoseconds>(now).count()) +
         R"(,"registrationId":)" + std::to_string(registration) +
         R"(,"status":"PENDING","stage":"t24_lookup","stageStatus":"completed")"
         R"(,"message":"Found 5 accounts","timestamp":)" +
         std::to_string(duration_cast<milliseconds>(date).count()) + "}";
}

void publish(const std::vector<std::string>& arguments) {
  RedisSocket redis(static_cast<std::uint16_t>(read_number(arguments[0], UINT16_MAX)));
  const std::string& channel = arguments[1];
  const auto pause =
      std::chrono::nanoseconds(1'000'000'000) / read_number(arguments[2], 1'000'000'000);
  const std::uint64_t count = read_number(arguments[3], UINT32_MAX);
  const std::uint64_t registrations = read_number(arguments[4], UINT32_MAX);

  std::uint64_t answered = 0;
  const auto take_answers = [&](bool waits) {
    redis.receive(waits);
    while (const auto answer = redis.next_reply()) {
      if (answer->front().starts_with('-')) {
        fail("Redis refused an update: " + std::string(answer->front()));
      }
      ++answered;
    }
  };
  const auto began = Clock::now();
  for (std::uint64_t sent = 0; sent < count; ++sent) {
    std::this_thread::sleep_until(began + sent * pause);
    // A step that is prime to their number goes through all of them.
    redis.send({"PUBLISH", channel, update_of(sent * 7919 % registrations + 1)});
    take_answers(false);
  }
  while (answered < count) {
    take_answers(true);
  }
  std::cout << R"({"published":)" << count << "}" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() != 5) {
    fail("usage: paced_publisher REDIS_PORT CHANNEL UPDATES_A_SECOND COUNT REGISTRATIONS");
  }
  try {
    publish(arguments);
  } catch (const std::exception& error) {
    fail(error.what());
  }
  return 0;
}
