#include "broker/history/publish_line.hpp"

#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

using Catch::Matchers::Contains;
using regstream::Duration;
using regstream::EventId;
using regstream::Instant;
using regstream::broker::Patience;
using regstream::broker::PublishError;
using regstream::broker::PublishHandler;
using regstream::broker::PublishLimits;
using regstream::broker::PublishLine;
using regstream::broker::PublishResult;

namespace {

using Texts = std::vector<std::string>;

constexpr Duration resend_max{60'000};
constexpr regstream::BackoffOptions backoff{Duration{100}, Duration{400}};

/// A line, and a Redis that the test plays.
struct Bench {
  explicit Bench(PublishLimits limits = {}) : line(limits, resend_max, backoff, 1) { line.on_up(); }

  bool push(const std::string& text, Patience patience = Patience::waits) {
    PublishHandler done = [this, text](const PublishResult& result) {
      if (const auto* const error = std::get_if<PublishError>(&result)) {
        failed.push_back(text);
        why = error->what;
      } else {
        accepted.push_back(text);
      }
    };
    auto error = line.push(text, {}, done, patience);
    if (error) {
      why = error->what;
    }
    return !error;
  }
  /// The batches that may be sent now: "ab", "c+" behind others.
  Texts send() {
    Texts sent;
    while (const auto* const batch = line.next(now)) {
      sent.emplace_back();
      for (const auto& publish : batch->publishes) {
        sent.back() += publish.message;
      }
      sent.back() += batch->is_first_in_line ? "" : "+";
    }
    end();
    return sent;
  }
  /// Each in a batch of its own.
  void push_and_send(const Texts& texts) {
    for (const std::string& text : texts) {
      REQUIRE(push(text));
      REQUIRE(send().size() == 1);
    }
  }
  void wait_out() { now = line.next_deadline().value(); }
  void refuse() {
    line.on_refused_in_passing(now);
    end();
  }
  void out_of_order() {
    line.on_out_of_order();
    end();
  }
  void accept() {
    line.on_accepted(std::vector<PublishResult>(line.queue().due(), EventId{1, ++sequence}));
    line.on_acknowledged();
    end();
  }
  void end() {
    while (auto ended = line.poll_ended()) {
      ended->done(ended->result);
    }
  }

  Instant now{Duration{5'000}};
  PublishLine line;
  std::uint64_t sequence = 0;
  Texts accepted;
  Texts failed;
  std::string why;
};

}  // namespace

TEST_CASE("batches behind a refused one are held back and sent again in order") {
  Bench bench;
  bench.push_and_send({"a", "b", "c"});
  bench.refuse();
  REQUIRE(bench.push("d"));
  CHECK(bench.send().empty());
  // By then Redis accepted writes again, but the batch before it was missing.
  bench.out_of_order();
  bench.out_of_order();
  CHECK(bench.send().empty());
  bench.wait_out();
  CHECK(bench.send() == Texts{"abcd"});
  bench.accept();
  CHECK(bench.accepted == Texts{"a", "b", "c", "d"});
  CHECK(bench.failed.empty());
}

TEST_CASE("a batch that is refused for good ends at once and those behind it stay") {
  Bench bench;
  bench.push_and_send({"a", "b"});
  bench.line.on_refused({"no object"});
  bench.out_of_order();
  CHECK(bench.failed == Texts{"a"});
  CHECK(bench.send() == Texts{"b"});
  bench.accept();
  CHECK(bench.accepted == Texts{"b"});
}

TEST_CASE("an accepted batch ends when it is acknowledged and not before") {
  Bench bench;
  bench.push_and_send({"a", "b"});
  bench.line.on_accepted({EventId{1, 1}});
  bench.end();
  CHECK(bench.accepted.empty());
  bench.line.on_accepted({EventId{1, 2}});
  bench.line.on_acknowledged();
  bench.end();
  CHECK(bench.accepted == Texts{"a"});
  bench.line.on_down(bench.now);
  bench.line.on_up();
  CHECK(bench.send() == Texts{"b"});
  bench.accept();
  CHECK(bench.accepted == Texts{"a", "b"});
}

TEST_CASE("a refused publish waits for as long as redis refuses") {
  Bench bench;
  bench.push("a");
  CHECK(bench.send() == Texts{"a"});
  bench.refuse();
  for (int refusal = 0; refusal < 3; ++refusal) {
    bench.now += 10 * resend_max;
    CHECK(bench.send() == Texts{"a"});
    bench.refuse();
  }
  bench.now += resend_max;
  CHECK(bench.send() == Texts{"a"});
  bench.accept();
  CHECK(bench.accepted == Texts{"a"});
}

TEST_CASE("one whose acknowledgement was lost is given up in time also while redis refuses") {
  Bench bench;
  bench.push_and_send({"a", "b"});
  bench.line.on_down(bench.now);
  bench.line.on_up();
  CHECK(bench.send() == Texts{"a", "b+"});
  bench.refuse();
  bench.refuse();
  bench.push("c");
  bench.now += resend_max + Duration{1};
  CHECK(bench.send() == Texts{"c"});
  CHECK(bench.failed == Texts{"a", "b"});
  CHECK_THAT(bench.why, Contains("not known"));
}

TEST_CASE("behind a refused batch nothing is uncertain when the connection breaks") {
  Bench bench;
  bench.push_and_send({"a", "b"});
  bench.refuse();
  bench.line.on_down(bench.now);
  bench.now += 2 * resend_max;
  bench.line.on_up();
  CHECK(bench.send() == Texts{"ab"});
  bench.accept();
  CHECK(bench.failed.empty());
}

TEST_CASE("the limits include what was held back") {
  Bench bench({.waiting_max = 2, .waiting_bytes_max = 2});
  bench.push_and_send({"a", "b"});
  bench.refuse();
  bench.refuse();
  CHECK_FALSE(bench.push("c"));
  CHECK_THAT(bench.why, Contains("2 others (2 bytes) wait"));
  bench.wait_out();
  CHECK(bench.send() == Texts{"ab"});
  CHECK(bench.push("c"));
}

TEST_CASE("a publish that does not wait fails at once and is never published") {
  Bench bench;
  bench.push("a", Patience::refuses);
  bench.push("b");
  CHECK(bench.send() == Texts{"ab"});
  bench.push("c", Patience::refuses);
  CHECK(bench.send() == Texts{"c+"});
  bench.refuse();
  CHECK(bench.failed == Texts{"a"});
  bench.out_of_order();
  CHECK(bench.failed == Texts{"a", "c"});
  CHECK_FALSE(bench.push("d", Patience::refuses));
  CHECK_THAT(bench.why, Contains("takes no updates for now"));
  bench.wait_out();
  CHECK(bench.send() == Texts{"b"});
  bench.accept();
  CHECK(bench.push("e", Patience::refuses));
  bench.line.on_down(bench.now);
  bench.end();
  CHECK(bench.failed == Texts{"a", "c", "e"});
  CHECK_FALSE(bench.push("f", Patience::refuses));
  CHECK(bench.accepted == Texts{"b"});
}

TEST_CASE("a publish that does not wait does not fail while it may be in the history") {
  Bench bench;
  bench.push("a", Patience::refuses);
  CHECK(bench.send().size() == 1);
  bench.line.on_down(bench.now);
  bench.end();
  CHECK(bench.failed.empty());
  bench.line.on_up();
  CHECK(bench.send() == Texts{"a"});
  bench.refuse();
  CHECK(bench.failed.empty());
  bench.wait_out();
  CHECK(bench.send() == Texts{"a"});
  bench.accept();
  CHECK(bench.accepted == Texts{"a"});
}

TEST_CASE("when a probe is accepted what waits is sent") {
  Bench bench;
  CHECK(bench.line.may_probe(bench.now));
  bench.line.on_probed();
  bench.line.on_probe_refused(bench.now);
  CHECK(bench.line.is_refusing());
  bench.push("a");
  CHECK(bench.send().empty());
  bench.wait_out();
  bench.line.on_probed();
  CHECK(bench.send().empty());
  CHECK(bench.line.on_probe_accepted());
  CHECK(bench.send() == Texts{"a"});
}
