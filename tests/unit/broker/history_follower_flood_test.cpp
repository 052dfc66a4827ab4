// Bare messages arrive faster than they can be adopted: what the follower holds, when it leaves the
// channel unread, and who learns of a loss if Redis ends the connection first.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/history/history_follower.hpp"
#include "redis_program.hpp"

namespace {

using namespace regstream::broker;
using regstream::EventId;
using regstream::test::stamped_json;
using regstream::test::update_json;

EventId id(std::uint64_t sequence) {
  return {1'000, sequence};
}

/// A follower with these limits and an empty history, subscribed to the channel.
HistoryFollower follower_of(const AdoptionLimits& limits) {
  HistoryFollower follower{{.adoption = limits}};
  follower.on_callable();
  follower.on_subscribed(id(0));
  while (follower.poll()) {
  }
  follower.on_page({.end = id(0), .is_last = true, .entries = {}});
  while (follower.poll()) {
  }
  return follower;
}

/// The next action of this type, past all others.
template <typename Action>
std::optional<Action> next_of(HistoryFollower& follower) {
  while (auto action = follower.poll()) {
    if (auto* const found = std::get_if<Action>(&*action)) {
      return std::move(*found);
    }
  }
  return std::nullopt;
}

/// The whole history: `size` adopted messages.
HistoryPage adopted_page(std::uint64_t size) {
  HistoryPage page{.end = id(size), .is_last = true, .entries = {}};
  for (std::uint64_t i = 1; i <= size; ++i) {
    page.entries.push_back({.id = id(i),
                            .message = stamped_json(update_json(static_cast<int>(i)), id(i)),
                            .adopted_as = id(i)});
  }
  return page;
}

/// Its subscription is about to begin, and it has read five entries, two more than the limit.
HistoryFollower subscribing_follower() {
  HistoryFollower follower{{.adoption = {.unreceived_max = 3}}};
  follower.on_callable();
  follower.on_awaitable();
  follower.on_subscribing();
  REQUIRE(next_of<ReadHistory>(follower));
  follower.on_page(adopted_page(5));
  return follower;
}

}  // namespace

TEST_CASE("a channel that brings more than may wait is left unread until some is adopted") {
  auto follower = follower_of({.waiting_max = 3, .offers_max = 2});
  for (int i = 1; i <= 3; ++i) {
    CHECK(follower.may_receive());
    follower.on_message(update_json(i));
  }
  CHECK_FALSE(follower.may_receive());
  REQUIRE(next_of<Adopt>(follower)->offers.size() == 2);
  CHECK_FALSE(follower.may_receive());  // They may yet be refused.
  follower.on_adopted(id(2));
  CHECK(follower.may_receive());
}

TEST_CASE("the bytes are limited too and one message may exceed them") {
  auto follower = follower_of({.bytes_max = 200});
  follower.on_message(update_json(1));
  CHECK(follower.may_receive());
  follower.on_message(R"({"registrationId":42,"status":"PENDING","message":")" +
                      std::string(500, 'x') + "\"}");
  CHECK_FALSE(follower.may_receive());
  CHECK(next_of<Adopt>(follower)->offers.size() == 2);
  follower.on_adopted(id(2));
  CHECK(follower.may_receive());
  CHECK(follower.counts().overflowing == 0);
}

TEST_CASE("texts of adopted messages are kept while there is room") {
  auto follower = follower_of({.waiting_max = 100, .bytes_max = 300, .offers_max = 100});
  EventId end = id(0);
  for (int i = 1; i <= 20; ++i) {
    follower.on_message(update_json(i));
    const auto adopt = next_of<Adopt>(follower);
    REQUIRE(adopt);
    REQUIRE(adopt->offers.size() == 1);
    follower.on_adopted(end = id(static_cast<std::uint64_t>(i)));
    CHECK(follower.adoption().text_bytes() <= 300 + update_json(i).size());
  }
  CHECK(follower.adoption().unreceived() == 20);
  // All are still known, with or without their text: their adoptions take them off.
  for (std::uint64_t i = 1; i <= end.sequence; ++i) {
    follower.on_message(stamped_json(update_json(static_cast<int>(i)), id(i)));
  }
  next_of<Adopt>(follower);
  HistoryPage page{.end = end, .is_last = true, .entries = {}};
  for (std::uint64_t i = 1; i <= end.sequence; ++i) {
    page.entries.push_back({.id = id(i),
                            .message = stamped_json(update_json(static_cast<int>(i)), id(i)),
                            .adopted_as = id(i)});
  }
  follower.on_page(std::move(page));
  CHECK_FALSE(next_of<Adopt>(follower));
  CHECK(follower.adoption().unreceived() == 0);
  CHECK(follower.adoption().text_bytes() == 0);
}

TEST_CASE("the same text is offered as often as it was received past those without a text") {
  auto follower = follower_of({.waiting_max = 100, .bytes_max = 100, .offers_max = 100});
  for (std::uint64_t i = 1; i <= 5; ++i) {
    follower.on_message(update_json(1));
    const auto adopt = next_of<Adopt>(follower);
    REQUIRE(adopt);
    CHECK(adopt->offers.front().ordinal == i);
    follower.on_adopted(id(i));
  }
}

TEST_CASE("a follower whose channel ends before it was read to its end records a loss") {
  auto follower = follower_of({.waiting_max = 1});
  follower.on_message(update_json(1));
  CHECK(next_of<Adopt>(follower));
  follower.on_adopted(id(1));
  CHECK(follower.may_receive());

  SECTION("it may end once Redis's answer shows that everything was received") {
    follower.on_channel_drained();
    follower.on_unsubscribed();
    CHECK_FALSE(next_of<RecordLoss>(follower));
    CHECK(follower.counts().overflowing == 0);
  }
  SECTION("that answer says nothing while the channel is left unread again") {
    follower.on_message(update_json(2));
    follower.on_channel_drained();
    follower.on_unsubscribed();
    CHECK(next_of<RecordLoss>(follower));
  }
  SECTION("the history records it and its readers begin after that") {
    follower.on_unsubscribed();
    CHECK(follower.counts().overflowing == 1);
    REQUIRE(next_of<RecordLoss>(follower));
    CHECK_FALSE(next_of<RecordLoss>(follower));
    follower.on_loss_recorded(id(2));
    CHECK(next_of<ReadHistory>(follower));
    follower.on_page(
        {.end = id(2),
         .is_last = true,
         .entries = {
             {.id = id(1), .message = stamped_json(update_json(1), id(1)), .adopted_as = id(1)},
             {.id = id(2), .message = {}, .adopted_as = {}}}});
    const auto begin = next_of<BeginHistory>(follower);
    REQUIRE(begin);
    CHECK(begin->position == id(2));
  }
  SECTION("it is recorded again after a refusal or a lost answer") {
    follower.on_unsubscribed();
    REQUIRE(next_of<RecordLoss>(follower));
    follower.permit(true, false);
    follower.on_loss_refused();
    CHECK_FALSE(next_of<RecordLoss>(follower));
    follower.permit(true, true);
    REQUIRE(next_of<RecordLoss>(follower));
    follower.on_not_callable();
    CHECK_FALSE(next_of<RecordLoss>(follower));
    follower.on_callable();
    CHECK(next_of<RecordLoss>(follower));
  }
}

TEST_CASE("a channel that is hopelessly behind the history is given up for a new one") {
  auto follower = follower_of({.unreceived_max = 10});
  follower.catch_up();
  REQUIRE(next_of<ReadHistory>(follower));
  follower.on_page(adopted_page(11));
  REQUIRE(next_of<LeaveChannel>(follower));
  CHECK_FALSE(next_of<LeaveChannel>(follower));
  follower.on_unsubscribed();
  CHECK(next_of<RecordLoss>(follower));
  CHECK(follower.adoption().unreceived() == 0);
}

TEST_CASE("entries read before the subscription need not be received") {
  HistoryFollower follower{{.adoption = {.unreceived_max = 10}}};
  follower.on_callable();
  follower.catch_up();
  REQUIRE(next_of<ReadHistory>(follower));
  follower.on_page(adopted_page(50));
  CHECK_FALSE(next_of<LeaveChannel>(follower));
  CHECK(follower.adoption().unreceived() == 0);
  CHECK_FALSE(next_of<RecordLoss>(follower));
}

TEST_CASE("entries read while a subscription begins may still be received") {
  auto follower = subscribing_follower();
  CHECK_FALSE(next_of<LeaveChannel>(follower));
  follower.on_subscribed(id(4));
  follower.on_message(update_json(5));  // Another gateway has had it adopted as 5.
  CHECK_FALSE(next_of<Adopt>(follower));
}

TEST_CASE("an adoption that was trimmed before it was read is that of the copy that was offered") {
  auto follower = follower_of({});
  follower.on_message(update_json(1));
  REQUIRE(next_of<Adopt>(follower));
  follower.on_adopted(id(1));
  follower.on_message(update_json(1));  // Someone publishes the same text again.
  REQUIRE(next_of<Adopt>(follower)->offers.front().ordinal == 2);
  follower.on_adopted({});  // The history has already lost the first one.
  follower.catch_up();
  REQUIRE(next_of<ReadHistory>(follower));
  follower.on_page(
      {.end = id(9),
       .is_last = true,
       .entries = {
           {.id = id(9), .message = stamped_json(update_json(9), id(9)), .adopted_as = {}}}});
  CHECK_FALSE(next_of<Adopt>(follower));
  follower.on_message(stamped_json(update_json(1), id(1)));
  const auto adopt = next_of<Adopt>(follower);
  REQUIRE(adopt);
  CHECK(adopt->offers.front().text == update_json(1));
}

TEST_CASE("a copy of what was there before the channel was heard says nothing of adoptions") {
  const std::string bare = update_json(2);
  Adoption adoption;
  adoption.begin({1'000, 0});
  adoption.receive_bare(bare);
  REQUIRE(adoption.next());
  adoption.lost();
  // Another gateway had it adopted, and a new history took that over.
  adoption.begin({3'000, 2});
  const std::string one = stamped_json(update_json(1), {3'000, 1});
  adoption.read({3'000, 1}, one, {});
  adoption.read({3'000, 2}, stamped_json(bare, {3'000, 2}), EventId{2'000, 2});
  CHECK(adoption.receive_entry({3'000, 1}, one));
  const auto adopt = adoption.next();
  REQUIRE(adopt);
  CHECK(adopt->cursor == EventId{1'000, 0});  // The script counts that adoption from here on.
}

TEST_CASE("adoptions that were not read yet still count") {
  auto follower = follower_of({.unreceived_max = 3});
  follower.on_message(update_json(7));
  REQUIRE(next_of<Adopt>(follower));
  follower.on_adopted(id(6));
  follower.on_message(update_json(7));
  follower.on_unsubscribed();
  follower.catch_up();
  REQUIRE(next_of<ReadHistory>(follower));
  follower.on_page(adopted_page(5));  // Others' messages, and more than may be unreceived.
  const auto adopt = next_of<Adopt>(follower);
  REQUIRE(adopt);
  CHECK(adopt->cursor == id(5));
  CHECK(adopt->offers.front().ordinal == 2);
}

TEST_CASE("entries are not awaited when the channel will not be read") {
  auto follower = subscribing_follower();
  CHECK_FALSE(next_of<LeaveChannel>(follower));
  CHECK(follower.adoption().unreceived() == 5);
  follower.on_unsubscribed();
  CHECK_FALSE(next_of<LeaveChannel>(follower));
  CHECK(follower.adoption().unreceived() == 0);
}

TEST_CASE("pages grow while there is more and begin small again") {
  HistoryFollower follower{{.page_bytes = 100, .page_bytes_max = 400}};
  follower.on_callable();
  follower.on_subscribed(id(9));
  std::vector<std::size_t> sizes;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    sizes.push_back(next_of<ReadHistory>(follower).value().bytes_max);
    follower.on_page(
        {.end = id(5),
         .is_last = i == 5,
         .entries = {
             {.id = id(i), .message = stamped_json(update_json(1), id(i)), .adopted_as = {}}}});
  }
  CHECK(sizes == std::vector<std::size_t>{100, 200, 400, 400, 400});
  follower.catch_up();
  CHECK(next_of<ReadHistory>(follower).value().bytes_max == 100);
}
