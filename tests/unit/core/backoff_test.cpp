#include <algorithm>
#include <catch2/catch.hpp>
#include <regstream/connection/backoff.hpp>
#include <vector>

using regstream::Backoff;
using regstream::BackoffOptions;
using regstream::Duration;

TEST_CASE(
    "the n-th delay lies between the floor and the floor plus the smaller of cap and base * 2^n") {
  constexpr Duration floor{500};
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Backoff backoff{{.base = Duration{1000}, .cap = Duration{10'000}}, seed};
    for (const Duration most : {Duration{1000}, Duration{2000}, Duration{4000}, Duration{8000},
                                Duration{10'000}, Duration{10'000}}) {
      const Duration delay = backoff.next_delay(floor);
      CHECK(delay >= floor);
      CHECK(delay <= floor + most);
    }
  }
}

TEST_CASE("the delays of many clients fill the whole range") {
  Duration least = Duration::max();
  Duration most{0};
  Duration sum{0};
  constexpr int clients = 2000;
  for (std::uint64_t seed = 0; seed < clients; ++seed) {
    Backoff backoff{{.base = Duration{1000}, .cap = Duration{10'000}}, seed};
    const Duration delay = backoff.next_delay(Duration{0});
    least = std::min(least, delay);
    most = std::max(most, delay);
    sum += delay;
  }
  CHECK(least < Duration{10});
  CHECK(most > Duration{990});
  CHECK(sum / clients > Duration{450});
  CHECK(sum / clients < Duration{550});
}

TEST_CASE("the same seed gives the same delays and another seed gives others") {
  const auto delays = [](std::uint64_t seed) {
    Backoff backoff{{}, seed};
    std::vector<Duration> result;
    for (int count = 0; count < 10; ++count) {
      result.push_back(backoff.next_delay(Duration{0}));
    }
    return result;
  };
  CHECK(delays(7) == delays(7));
  CHECK(delays(7) != delays(8));
}

TEST_CASE("after a reset the next delay is a first one again") {
  Backoff backoff{{.base = Duration{10}, .cap = Duration{1'000'000}}, 1};
  for (int count = 0; count < 12; ++count) {
    (void)backoff.next_delay(Duration{0});
  }
  CHECK(backoff.attempts() == 12);
  backoff.reset();
  CHECK(backoff.attempts() == 0);
  CHECK(backoff.next_delay(Duration{0}) <= Duration{10});
}

TEST_CASE("no option overflows") {
  for (const BackoffOptions& options :
       {BackoffOptions{.base = Duration::max(), .cap = Duration::max()},
        BackoffOptions{.base = Duration{1}, .cap = Duration::max()},
        BackoffOptions{.base = Duration::min(), .cap = Duration::min()},
        BackoffOptions{.base = Duration{0}, .cap = Duration{1000}}}) {
    Backoff backoff{options, 3};
    for (int count = 0; count < 100; ++count) {
      CHECK(backoff.next_delay(Duration{-5}) >= Duration{0});
      CHECK(backoff.next_delay(Duration::max()) == Duration::max());
    }
  }
}
