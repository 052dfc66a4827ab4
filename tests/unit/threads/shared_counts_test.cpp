// Counts that the loops of a process share.
#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "access/token_limits.hpp"
#include "hub/stream_count.hpp"
#include "net/places.hpp"

using namespace regstream;

namespace {

/// Runs `act` on several threads at once. Returns the greatest `now` that any of them has seen.
void on_threads(const std::function<void()>& act) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back(act);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

/// Raises `most` to at least `now`.
void note(std::atomic<int>& most, int now) {
  for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
  }
}

}  // namespace

TEST_CASE("the limit of streams holds over several threads and all places are returned") {
  hub::StreamCount count(3);
  std::atomic<int> open = 0;
  std::atomic<int> most = 0;
  on_threads([&] {
    for (int round = 0; round < 2'000; ++round) {
      std::vector<hub::StreamPlace> places;
      for (int one = 0; one < 2; ++one) {
        if (hub::StreamPlace place = count.enter()) {
          places.push_back(std::move(place));
          note(most, ++open);
        }
      }
      open -= static_cast<int>(places.size());
    }
  });
  CHECK(most <= 3);
  CHECK(count.open() == 0);
  const hub::StreamPlace first = count.enter();
  const hub::StreamPlace second = count.enter();
  const hub::StreamPlace third = count.enter();
  CHECK(third);
  CHECK_FALSE(count.enter());
}

TEST_CASE("the limit of a key's places holds over several threads and all are returned") {
  net::Places<std::string> places(3);
  std::atomic<int> open = 0;
  std::atomic<int> most = 0;
  on_threads([&] {
    for (int round = 0; round < 2'000; ++round) {
      std::optional<net::Places<std::string>::Place> one = places.enter("one");
      const auto copy = one;
      const auto other = places.enter(std::to_string(round % 5));
      if (one) {
        note(most, ++open);
        --open;
        one.reset();
      }
    }
  });
  CHECK(most <= 3);
  const auto first = places.enter("one");
  const auto second = places.enter("one");
  const auto third = places.enter("one");
  CHECK(third);
  CHECK_FALSE(places.enter("one"));
}

TEST_CASE("a token's streams on several threads are counted together and so are the refused ones") {
  access::TokenLimits limits(5, 0);
  access::Grant grant;
  grant.token = "one";
  std::atomic<std::uint64_t> refused = 0;
  on_threads([&] {
    std::vector<std::optional<access::TokenPlace>> places;
    for (int one = 0; one < 10; ++one) {
      places.push_back(limits.enter_stream(grant));
      refused += places.back() ? 0 : 1;
    }
  });
  CHECK(refused > 0);
  CHECK(limits.streams_refused() == refused);
  CHECK(limits.enter_stream(grant));
}
