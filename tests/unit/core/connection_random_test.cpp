#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include <regstream/random.hpp>

#include "connection_driver.hpp"

using namespace regstream;
using regstream::test::Driver;

namespace {

/// A caller, a network, a page and a clock that do anything at any time.
class Chaos {
 public:
  /// `changes`: the caller changes its request as well.
  Chaos(std::uint64_t seed, bool changes)
      : random_(seed), changes_(changes), driver_(random_options(), seed) {
    driver_.handle_deadline();  // Tells the machine the time.
  }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      CAPTURE(step);
      const ConnectionState before = driver_.connection.state();
      const int opened_before = driver_.opened;
      const int requests_before = driver_.token_requests;
      const std::size_t changes_before = driver_.changes.size();
      act();
      driver_.run();
      check(before, opened_before, requests_before, changes_before);
    }
  }

  [[nodiscard]] const Driver& driver() const { return driver_; }

 private:
  std::uint64_t up_to(std::uint64_t most) { return random_.up_to(most); }
  bool one_in(std::uint64_t count) { return up_to(count - 1) == 0; }

  ConnectionOptions random_options() {
    ConnectionOptions options;
    options.policy = one_in(10) ? RetryPolicy::standard : RetryPolicy::resilient;
    options.needs_token = one_in(2);
    options.reconnection_time = Duration{static_cast<Duration::rep>(up_to(3000))};
    if (one_in(4)) {
      options.silence_limit = one_in(2) ? Duration::max() : Duration{2000};
    }
    return options;
  }

  /// Usually the current attempt; sometimes a stale one, or one that never was.
  AttemptId some_attempt() {
    const std::uint32_t known = static_cast<std::uint32_t>(last_attempt_);
    return AttemptId{one_in(4) ? static_cast<std::uint32_t>(up_to(known + 1U)) : known};
  }

  void pass_time() {
    switch (up_to(9)) {
      case 0:
        driver_.advance(Duration{3'600'000});  // The machine slept.
        break;
      case 1:
        driver_.advance(
            Duration{-static_cast<Duration::rep>(up_to(5000))});  // The clock was set back.
        break;
      case 2:
      case 3:
        if (const auto deadline = driver_.connection.next_deadline();
            deadline && *deadline != Instant::max()) {
          driver_.now = std::max(driver_.now, *deadline);
        }
        break;
      default:
        driver_.advance(Duration{static_cast<Duration::rep>(up_to(400))});
        break;
    }
    latest_ = std::max(latest_, driver_.now);
    driver_.connection.handle_deadline(driver_.now);
    // The machine has handled everything that was due, whatever `now` was.
    if (const auto deadline = driver_.connection.next_deadline()) {
      CHECK(*deadline >= latest_);
    }
  }

  void answer() {
    constexpr std::uint16_t statuses[] = {200, 200, 200, 503, 503, 429, 401};
    constexpr std::uint16_t final_statuses[] = {204, 301, 403, 404};
    ResponseHead head;
    head.status = one_in(500) ? final_statuses[up_to(3)] : statuses[up_to(6)];
    head.is_event_stream = head.status == 200;
    if (one_in(3)) {
      head.retry_after = Duration{static_cast<Duration::rep>(up_to(10'000))};
    }
    driver_.connection.on_response(some_attempt(), head, driver_.now);
  }

  void act() {
    Connection& connection = driver_.connection;
    switch (up_to(changes_ ? 14 : 12)) {
      case 0:
        connection.connect(driver_.now);
        return;
      case 1:
        connection.on_visible(driver_.now);
        return;
      case 2:
        connection.on_online(driver_.now);
        return;
      case 3:
        connection.on_offline(driver_.now);
        return;
      case 4:
        connection.on_restored(driver_.now);
        return;
      case 5:
        answer();
        return;
      case 6:
        connection.on_activity(some_attempt(), driver_.now);
        connection.on_event_id(some_attempt(), "7");
        connection.on_comment(some_attempt(), " heartbeat " + std::to_string(up_to(100'000)));
        return;
      case 7:
        connection.on_retry(some_attempt(), Duration{static_cast<Duration::rep>(up_to(3000))});
        return;
      case 8:
        connection.on_end(some_attempt(), static_cast<TransportEnd>(up_to(2)), driver_.now);
        return;
      case 9:
        connection.on_token(some_attempt(), driver_.now);
        return;
      case 10:
        connection.on_token_failed(some_attempt(),
                                   one_in(500) ? TokenFailure::for_good : TokenFailure::may_pass,
                                   driver_.now);
        return;
      case 13:
        connection.change(driver_.now);
        return;
      case 14:
        connection.on_token_expiring(some_attempt(),
                                     Duration{static_cast<Duration::rep>(up_to(120'000)) - 10'000});
        return;
      case 11:
        if (one_in(1000)) {
          connection.close(driver_.now);
          return;
        }
        [[fallthrough]];
      default:
        pass_time();
        return;
    }
  }

  void check(ConnectionState before, int opened_before, int requests_before,
             std::size_t changes_before) {
    const ConnectionState state = driver_.connection.state();
    // `Driver::run` has seen that no two transports are open at a time.
    CHECK(driver_.transport.has_value() ==
          (state == ConnectionState::connecting || state == ConnectionState::open));
    if (before == ConnectionState::closed) {
      CHECK(state == ConnectionState::closed);
      CHECK(driver_.opened == opened_before);
      CHECK(driver_.token_requests == requests_before);
      CHECK(driver_.changes.size() == changes_before);
    }
    // The reported changes lead from the state before to the state now.
    ConnectionState reported = before;
    for (std::size_t index = changes_before; index < driver_.changes.size(); ++index) {
      CHECK(driver_.changes[index].from == reported);
      reported = driver_.changes[index].to;
    }
    CHECK(reported == state);
    const bool is_connected = driver_.connection.is_connected();
    CHECK((is_connected || state != ConnectionState::open));
    CHECK((!is_connected || state == ConnectionState::open ||
           (changes_ &&
            (state == ConnectionState::connecting || state == ConnectionState::authorizing))));
    CHECK((driver_.changes.empty() || driver_.changes.back().is_connected == is_connected));

    const bool has_request = driver_.token_requests > requests_before;
    const bool has_opening = driver_.opened > opened_before;
    if (has_request && state == ConnectionState::open) {
      CHECK(driver_.token_request->attempt == last_attempt_);
      begun_.push_back(latest_);  // A token to renew the stream with.
    } else if (has_request) {
      begin(driver_.token_request->attempt);
    } else if (has_opening && *driver_.transport != last_attempt_) {
      begin(*driver_.transport);
    }
    if (has_opening) {
      CHECK(*driver_.transport == last_attempt_);
    }
  }

  void begin(AttemptId attempt) {
    CHECK(attempt > last_attempt_);
    last_attempt_ = attempt;
    begun_.push_back(latest_);
    while (begun_.front() < latest_ - Duration{60'000}) {
      begun_.pop_front();
    }
    // Waits and signals cause one attempt a second. A random wait may be shorter if the server sets
    // a short reconnection time, but not often; a 401 adds a second attempt to a wait. Changes
    // cause seven attempts while they are collected for longer and longer, which takes a second,
    // and then there is a pause of a second.
    CHECK(begun_.size() <= (changes_ ? 340 : 130));
  }

  Random random_;
  bool changes_;
  Driver driver_;
  Instant latest_{};
  AttemptId last_attempt_{};
  std::deque<Instant> begun_;
};

}  // namespace

TEST_CASE("the machine keeps its promises whatever happens in whatever order") {
  int opened = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Chaos chaos(seed, false);
    chaos.run(2000);
    Chaos changing(seed, true);
    changing.run(2000);
    opened += chaos.driver().opened + changing.driver().opened;
  }
  CHECK(opened > 1000);  // The run did something.
}

TEST_CASE("a dead server is asked at most once a second however often the page is switched") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    Driver driver{{}, seed};
    driver.connect();
    for (int step = 0; step < 600; ++step) {
      driver.advance(Duration{100});
      driver.handle_deadline();
      switch (random.up_to(4)) {
        case 0:
          driver.online();
          break;
        case 1:
          driver.offline();
          break;
        case 2:
          driver.look();
          break;
        case 3:
          driver.restore();
          break;
        default:
          if (driver.transport) {
            driver.end(TransportEnd::failed);
          }
          break;
      }
    }
    CHECK(driver.opened <= 61);
    CHECK(driver.opened > 30);
  }
}
