#include <cstddef>
#include <optional>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <catch2/catch.hpp>

#include "net/session_table.hpp"

using namespace regstream;
using namespace regstream::net;

namespace {

using Id = SessionTable::Id;

constexpr ServerLimits limits{.held_bytes_max = 1'000,
                              .uncounted_bytes_max = 100,
                              .read_timeout = Duration{30'000},
                              .write_timeout = Duration{60'000},
                              .close_timeout = Duration{5'000},
                              .bytes_per_second_min = 500,
                              .sessions_max = 3,
                              .grace = Duration{100}};

constexpr Instant start{Duration{10'000}};

Instant at(int ms) {
  return start + Duration(ms);
}

// When all grace is over.
constexpr Instant later = start + Duration{20'000};

ClientAddress client(const char* address = "192.0.2.1") {
  return client_of(boost::asio::ip::make_address(address));
}

}  // namespace

TEST_CASE("The session that has waited longest gives way whatever it waits for") {
  SessionTable table(limits);
  const SessionState state = GENERATE(SessionState::reading_head, SessionState::reading_body,
                                      SessionState::writing, SessionState::closing);
  const Id older = table.add(client(), at(0));
  const Id newer = table.add(client(), at(1));
  table.enter(older, state, at(10));
  table.enter(newer, state, at(20));
  CHECK(table.least_progress(later) == older);
  table.enter(older, state, at(30));
  CHECK(table.least_progress(later) == newer);
}

TEST_CASE("No session gives way while the server answers") {
  SessionTable table(limits);
  const Id id = table.add(client(), at(0));
  table.enter(id, SessionState::answering, at(0));
  CHECK_FALSE(table.least_progress(later));
  CHECK_FALSE(table.next_deadline());
  CHECK(table.is_answering_all());
  table.remove(table.add(client(), at(0)));
  CHECK(table.is_answering_all());
  const Id reads = table.add(client(), at(1));
  CHECK_FALSE(table.is_answering_all());
  CHECK(table.least_progress(later) == reads);
  table.enter(reads, SessionState::reading_head, at(2));
  table.enter(id, SessionState::writing, at(1));
  CHECK(table.least_progress(later) == id);
}

TEST_CASE("Moved bytes make up for the time that they took") {
  SessionTable table(limits);
  const Id trickles = table.add(client(), at(0));
  const Id moves = table.add(client(), at(0));
  table.progress(trickles, 100, at(1'000));  // Makes up for 200 ms.
  table.progress(moves, 500, at(1'000));     // Makes up for the second.
  CHECK(table.least_progress(later) == trickles);
  table.progress(trickles, 400, at(1'000));
  table.progress(moves, 1, at(1'001));
  CHECK(table.least_progress(later) == trickles);
}

TEST_CASE("Bytes beyond the rate give no credit for a later pause") {
  SessionTable table(limits);
  const Id burst = table.add(client(), at(0));
  table.progress(burst, 1'000'000, at(10));
  const Id steady = table.add(client(), at(11));
  CHECK(table.least_progress(later) == burst);
  table.progress(steady, 1, at(12));
  CHECK(table.least_progress(later) == burst);
}

TEST_CASE("Of equals the oldest gives way so that a newcomer is served") {
  SessionTable table(limits);
  const Id first = table.add(client(), at(0));
  static_cast<void>(table.add(client(), at(0)));
  CHECK(table.least_progress(later) == first);
}

TEST_CASE("A new session has a grace to send its request") {
  SessionTable table(limits);
  const Id first = table.add(client(), at(0));
  const Id second = table.add(client(), at(50));
  CHECK_FALSE(table.least_progress(at(99)));
  CHECK(table.least_progress(at(100)) == first);
  table.progress(first, 1'000, at(100));
  CHECK(table.least_progress(at(149)) == first);
  CHECK(table.least_progress(at(150)) == second);
}

TEST_CASE("Bytes at the rate or requests in a row keep no place from a newcomer") {
  SessionTable table(limits);
  const Id trickles = table.add(client(), at(0));
  table.enter(trickles, SessionState::reading_body, at(1));
  for (int ms = 10; ms <= 1'000; ms += 10) {
    table.progress(trickles, 5, at(ms));
  }
  CHECK(table.least_progress(at(1'000)) == trickles);
  table.remove(trickles);

  const Id asks_again = table.add(client(), at(0));
  for (int ms = 10; ms <= 1'000; ms += 10) {
    table.enter(asks_again, SessionState::writing, at(ms));
    table.enter(asks_again, SessionState::reading_head, at(ms));
    table.enter(asks_again, SessionState::reading_body, at(ms));
  }
  CHECK(table.least_progress(at(1'000)) == asks_again);
}

TEST_CASE("A response has a grace to be read however old its connection is") {
  SessionTable table(limits);
  const Id id = table.add(client(), at(0));
  table.enter(id, SessionState::answering, at(1));
  table.enter(id, SessionState::writing, at(5'000));
  CHECK_FALSE(table.least_progress(at(5'099)));
  CHECK(table.least_progress(at(5'100)) == id);
}

TEST_CASE("A table is full of sessions in any state and has room when one leaves") {
  SessionTable table(limits);
  const Id first = table.add(client(), at(0));
  static_cast<void>(table.add(client(), at(0)));
  table.enter(first, SessionState::answering, at(0));
  CHECK_FALSE(table.is_full());
  static_cast<void>(table.add(client(), at(0)));
  CHECK(table.is_full());
  table.remove(first);
  CHECK_FALSE(table.is_full());
  table.remove(first);  // It may be removed twice: evicted, and then destroyed.
  CHECK(table.size() == 2);
}

TEST_CASE("One client's connections give way to its own") {
  SessionTable table(limits);
  const Id others = table.add(client("192.0.2.1"), at(0));
  const Id own = table.add(client("192.0.2.2"), at(5));
  CHECK(table.least_progress_of(client("192.0.2.2")) == own);
  CHECK(table.least_progress_of(client("192.0.2.1")) == others);
  CHECK_FALSE(table.least_progress_of(client("192.0.2.3")));
}

TEST_CASE("A client has a limit of sessions in any state whatever others have") {
  SessionTable table({.sessions_max = 10, .sessions_per_client_max = 2});
  const ClientAddress greedy = client("192.0.2.1");
  const Id first = table.add(greedy, at(0));
  CHECK_FALSE(table.is_full_for(greedy));
  table.enter(table.add(greedy, at(1)), SessionState::answering, at(2));
  CHECK(table.is_full_for(greedy));
  CHECK_FALSE(table.is_full_for(client("192.0.2.2")));
  table.remove(first);
  CHECK_FALSE(table.is_full_for(greedy));
}

TEST_CASE("Each state has a time limit except the server's own") {
  SessionTable table(limits);
  const Id id = table.add(client(), at(0));
  CHECK(table.next_deadline() == at(30'000));
  table.progress(id, 1'000'000, at(29'999));  // A session that moves bytes does not stay longer.
  CHECK_FALSE(table.overdue(at(29'999)));
  CHECK(table.overdue(at(30'000)) == id);

  CHECK(table.enter(id, SessionState::reading_body, at(100)) == at(30'100));
  CHECK_FALSE(table.enter(id, SessionState::answering, at(200)));
  CHECK_FALSE(table.overdue(at(1'000'000)));
  CHECK(table.enter(id, SessionState::writing, at(300)) == at(60'300));
  CHECK(table.enter(id, SessionState::closing, at(400)) == at(5'400));
  CHECK(table.next_deadline() == at(5'400));
}

TEST_CASE("The next deadline is the earliest of all") {
  SessionTable table(limits);
  static_cast<void>(table.add(client(), at(0)));
  const Id closes = table.add(client(), at(100));
  table.enter(closes, SessionState::closing, at(1'000));
  CHECK(table.next_deadline() == at(6'000));
  CHECK(table.overdue(at(6'000)) == closes);
  table.remove(closes);
  CHECK(table.next_deadline() == at(30'000));
}

TEST_CASE("Bodies and responses share one limit of memory") {
  SessionTable table(limits);
  const Id first = table.add(client(), at(0));
  const Id second = table.add(client(), at(0));
  CHECK(table.hold(first, 600));
  CHECK(table.hold(second, 400));
  CHECK_FALSE(table.hold(second, 401));
  CHECK(table.held_bytes() == 1'000);
  CHECK(table.hold(first, 500));  // It may hold less, so that another may hold more.
  CHECK(table.hold(second, 500));
  table.remove(first);
  CHECK(table.held_bytes() == 500);
  CHECK(table.hold(first, 5'000));  // It is gone, so nothing is held for it.
  CHECK(table.held_bytes() == 500);
}

TEST_CASE("A small body or response always has room") {
  SessionTable table(limits);
  const Id large = table.add(client(), at(0));
  const Id small = table.add(client(), at(0));
  REQUIRE(table.hold(large, 1'000));
  CHECK(table.hold(small, 100));
  CHECK_FALSE(table.hold(small, 101));
  CHECK(table.held_bytes() == 1'000);
  CHECK(table.hold(large, 100));  // A small answer to the large body.
  CHECK(table.held_bytes() == 0);
}

TEST_CASE(
    "Memory is taken from the session with the least progress that holds some and does not ask") {
  SessionTable table(limits);
  const Id small = table.add(client(), at(0));
  const Id slow = table.add(client(), at(0));
  const Id fast = table.add(client(), at(0));
  REQUIRE(table.hold(small, 100));
  REQUIRE(table.hold(slow, 500));
  REQUIRE(table.hold(fast, 500));
  CHECK_FALSE(table.least_progress_with_memory(small, at(99)));
  table.progress(small, 10, at(100));
  table.progress(slow, 20, at(100));
  table.progress(fast, 1'000, at(100));
  CHECK(table.least_progress_with_memory(small, at(100)) == slow);
  CHECK(table.least_progress_with_memory(slow, at(100)) == fast);
}

TEST_CASE("A session counts for the client of its request and between requests for nobody") {
  ServerLimits with_clients = limits;
  with_clients.sessions_per_client_max = 1;
  SessionTable table(with_clients);
  const Id id = table.add(std::nullopt, at(0));
  CHECK_FALSE(table.is_full_for(client()));
  table.count_for(id, client());
  CHECK(table.is_full_for(client()));
  CHECK_FALSE(table.is_full_for(client("192.0.2.2")));
  CHECK(table.least_progress_of(client()) == id);
  table.count_for(id, std::nullopt);
  CHECK_FALSE(table.is_full_for(client()));
  CHECK_FALSE(table.least_progress_of(client()));
  table.remove(id);
  table.count_for(id, client());
  CHECK_FALSE(table.is_full_for(client()));
}
