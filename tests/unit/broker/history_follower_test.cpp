#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/history/history_follower.hpp"
#include "redis_program.hpp"

namespace {

using regstream::EventId;
using regstream::broker::Adopt;
using regstream::broker::AwaitHistory;
using regstream::broker::BeginHistory;
using regstream::broker::CaughtUp;
using regstream::broker::DeliverMessage;
using regstream::broker::FollowerAction;
using regstream::broker::GoLive;
using regstream::broker::HistoryEntry;
using regstream::broker::HistoryFollower;
using regstream::broker::HistoryPage;
using regstream::broker::LeaveChannel;
using regstream::broker::ProbeChannel;
using regstream::broker::ReadHistory;
using regstream::broker::RecordLoss;
using regstream::test::stamped_json;
using regstream::test::update_json;
using Lines = std::vector<std::string>;

constexpr std::uint64_t epoch = 1'000;

EventId id(std::uint64_t sequence) {
  return {epoch, sequence};
}

std::string message(EventId at) {
  return stamped_json(update_json(static_cast<int>(at.sequence)), at);
}

HistoryEntry entry(EventId at, bool is_adopted = false) {
  return {.id = at,
          .message = message(at),
          .adopted_as = is_adopted ? std::optional{at} : std::nullopt};
}

std::string line(const FollowerAction& action) {
  struct Liner {
    std::string operator()(const BeginHistory& begin) const {
      return "history " + to_string(begin.position);
    }
    std::string operator()(const DeliverMessage& delivery) const {
      CHECK(delivery.message == message(delivery.id));
      return "message " + to_string(delivery.id);
    }
    std::string operator()(const GoLive& /*live*/) const { return "live"; }
    std::string operator()(const CaughtUp& /*caught_up*/) const { return "caught up"; }
    std::string operator()(const ReadHistory& read) const {
      return "read " + (read.from ? to_string(*read.from) : "all");
    }
    std::string operator()(const AwaitHistory& await) const {
      return "await after " + to_string(await.after);
    }
    std::string operator()(const Adopt& adopt) const {
      std::string text = "adopt after " + to_string(adopt.cursor);
      for (const auto& offer : adopt.offers) {
        text += " " + std::to_string(offer.ordinal) + "x" + offer.text;
      }
      return text;
    }
    std::string operator()(const ProbeChannel& /*probe*/) const { return "probe channel"; }
    std::string operator()(const LeaveChannel& /*leave*/) const { return "leave"; }
    std::string operator()(const RecordLoss& /*loss*/) const { return "loss"; }
  };
  return std::visit(Liner{}, action);
}

Lines poll_all(HistoryFollower& follower) {
  Lines lines;
  while (const auto action = follower.poll()) {
    lines.push_back(line(*action));
  }
  return lines;
}

/// A live follower that has delivered the messages up to `last`.
HistoryFollower follower_at(EventId last) {
  HistoryFollower follower;
  follower.on_callable();
  follower.on_subscribed(last);
  poll_all(follower);
  HistoryPage page{.end = last, .is_last = true, .entries = {}};
  for (std::uint64_t sequence = 1; sequence <= last.sequence; ++sequence) {
    page.entries.push_back(entry({last.epoch, sequence}));
  }
  follower.on_page(std::move(page));
  poll_all(follower);
  CHECK(follower.is_caught_up());
  return follower;
}

}  // namespace

TEST_CASE("a history is delivered in pages and then live") {
  HistoryFollower follower;
  CHECK(poll_all(follower).empty());
  follower.on_callable();
  CHECK(poll_all(follower).empty());
  follower.on_subscribed(id(3));
  CHECK(poll_all(follower) == Lines{"read all"});
  follower.on_page({.end = id(3), .is_last = false, .entries = {entry(id(2))}});
  CHECK_FALSE(follower.is_caught_up());
  CHECK(poll_all(follower) == Lines{"history 1000-1", "message 1000-2", "read 1000-2"});
  follower.on_page({.end = id(3), .is_last = true, .entries = {entry(id(2)), entry(id(3))}});
  CHECK(poll_all(follower) == Lines{"message 1000-3", "live"});
  CHECK(follower.is_caught_up());

  follower.on_message(message(id(4)));
  CHECK(poll_all(follower) == Lines{"read 1000-3"});
  follower.on_page({.end = id(4), .is_last = true, .entries = {entry(id(3)), entry(id(4))}});
  CHECK(poll_all(follower) == Lines{"message 1000-4"});
}

TEST_CASE("an empty history is delivered as its position alone") {
  HistoryFollower follower;
  follower.on_callable();
  follower.on_subscribed(id(0));
  poll_all(follower);
  follower.on_page({.end = id(0), .is_last = true, .entries = {}});
  CHECK(poll_all(follower) == Lines{"history 1000-0", "live"});
}

TEST_CASE("a burst on the channel costs two reads and no more") {
  auto follower = follower_at(id(1));
  for (std::uint64_t sequence = 2; sequence <= 100; ++sequence) {
    follower.on_message(message(id(sequence)));
  }
  CHECK(poll_all(follower) == Lines{"read 1000-1"});
  follower.on_message(message(id(101)));
  CHECK(poll_all(follower).empty());
  HistoryPage page{.end = id(101), .is_last = true, .entries = {}};
  for (std::uint64_t sequence = 1; sequence <= 101; ++sequence) {
    page.entries.push_back(entry(id(sequence)));
  }
  follower.on_page(std::move(page));
  CHECK(poll_all(follower).size() == 100 + 1);
  follower.on_page({.end = id(101), .is_last = true, .entries = {entry(id(101))}});
  CHECK(poll_all(follower).empty());
}

TEST_CASE("messages missed without a subscription are read from the last one on") {
  auto follower = follower_at(id(2));
  follower.on_unsubscribed();
  CHECK_FALSE(follower.is_caught_up());
  CHECK(poll_all(follower).empty());
  follower.on_subscribed(id(4));
  CHECK(poll_all(follower) == Lines{"read 1000-2"});
  follower.on_page(
      {.end = id(4), .is_last = true, .entries = {entry(id(2)), entry(id(3)), entry(id(4))}});
  CHECK(poll_all(follower) == Lines{"message 1000-3", "message 1000-4"});
  CHECK(follower.is_caught_up());
}

TEST_CASE("a read whose connection broke is made again") {
  auto follower = follower_at(id(1));
  follower.on_message(message(id(2)));
  CHECK(poll_all(follower) == Lines{"read 1000-1"});
  follower.on_not_callable();
  CHECK(poll_all(follower).empty());
  follower.on_callable();
  CHECK(poll_all(follower) == Lines{"read 1000-1"});
}

TEST_CASE("an awaited entry is delivered at once without another read") {
  auto follower = follower_at(id(2));
  follower.on_awaitable();
  // Behind a new connection, the last message is checked first.
  CHECK(poll_all(follower) == Lines{"read 1000-2"});
  follower.on_page({.end = id(2), .is_last = true, .entries = {entry(id(2))}});
  CHECK(poll_all(follower) == Lines{"await after 1000-2"});
  follower.on_awaited({entry(id(3)), entry(id(4))});
  CHECK(poll_all(follower) == Lines{"message 1000-3", "message 1000-4", "await after 1000-4"});
  CHECK(follower.known() == id(4));
  follower.on_message(message(id(3)));
  follower.on_message(message(id(4)));
  CHECK(poll_all(follower).empty());

  follower.on_awaited({});
  CHECK(poll_all(follower) == Lines{"await after 1000-4"});
  follower.on_not_awaitable();
  follower.on_message(message(id(5)));
  CHECK(poll_all(follower) == Lines{"read 1000-2"});
  follower.on_page({.end = id(5),
                    .is_last = true,
                    .entries = {entry(id(2)), entry(id(3)), entry(id(4)), entry(id(5))}});
  CHECK(poll_all(follower) == Lines{"message 1000-5"});
}

namespace {

/// A follower that has delivered the messages up to `last`, and waits for the next.
HistoryFollower waiting_follower_at(EventId last) {
  auto follower = follower_at(last);
  follower.on_awaitable();
  poll_all(follower);
  follower.on_page({.end = last, .is_last = true, .entries = {entry(last)}});
  CHECK(poll_all(follower) == Lines{"await after " + to_string(last)});
  return follower;
}

}  // namespace

TEST_CASE("an awaited entry that does not follow triggers a read") {
  auto follower = waiting_follower_at(id(2));
  SECTION("after a hole") {
    follower.on_awaited({entry(id(4))});
    CHECK(poll_all(follower) == Lines{"read 1000-2"});
  }
  SECTION("of another epoch") {
    follower.on_awaited({entry({2'000, 1})});
    CHECK(poll_all(follower) == Lines{"read 1000-2"});
  }
  SECTION("an entry that is not ours") {
    follower.on_awaited({entry(id(3)), {id(4), "", {}}});
    CHECK(poll_all(follower) == Lines{"message 1000-3", "read 1000-2"});
  }
  SECTION("none of it while a read is under way, which brings it") {
    follower.on_message(message(id(3)));
    CHECK(poll_all(follower) == Lines{"read 1000-2"});
    follower.on_awaited({entry(id(3))});
    CHECK(poll_all(follower).empty());
    follower.on_page({.end = id(3), .is_last = true, .entries = {entry(id(2)), entry(id(3))}});
    CHECK(poll_all(follower) == Lines{"message 1000-3", "await after 1000-3"});
  }
  SECTION("and nothing twice") {
    follower.on_message(message(id(3)));
    poll_all(follower);
    follower.on_page({.end = id(3), .is_last = true, .entries = {entry(id(2)), entry(id(3))}});
    CHECK(poll_all(follower) == Lines{"message 1000-3"});
    follower.on_awaited({entry(id(3)), entry(id(4))});
    CHECK(poll_all(follower) == Lines{"message 1000-4", "await after 1000-4"});
  }
}

TEST_CASE("a message that came while it was waited for is confirmed by the next read") {
  auto follower = waiting_follower_at(id(2));
  follower.on_awaited({entry(id(3))});
  follower.on_awaited({entry(id(4))});
  poll_all(follower);
  // A known id with another text: the history went back, and continued differently.
  follower.on_message(message(id(3)));
  follower.on_message(stamped_json(update_json(77), id(3)));
  CHECK(poll_all(follower) == Lines{"read 1000-2"});
  follower.on_page(
      {.end = id(4),
       .is_last = true,
       .entries = {entry(id(2)), {id(3), stamped_json(update_json(77), id(3)), {}}, entry(id(4))}});
  CHECK(poll_all(follower) == Lines{"read 1000-2"});
  CHECK(follower.known() > id(1'000'000'000));
}

TEST_CASE("after so many messages without a read there is one") {
  auto follower = waiting_follower_at(id(1));
  for (std::uint64_t sequence = 2; sequence <= 64; ++sequence) {
    follower.on_awaited({entry(id(sequence))});
    CHECK(poll_all(follower).back() == "await after " + to_string(id(sequence)));
  }
  follower.on_awaited({entry(id(65))});
  CHECK(poll_all(follower) == Lines{"message 1000-65", "read 1000-1"});
}

TEST_CASE("a page that does not follow begins a history") {
  auto follower = follower_at(id(2));
  follower.on_message(message(id(3)));
  poll_all(follower);

  SECTION("trimmed beyond the last message") {
    follower.on_page({.end = id(9), .is_last = true, .entries = {entry(id(8)), entry(id(9))}});
    CHECK(poll_all(follower) ==
          Lines{"history 1000-7", "message 1000-8", "message 1000-9", "live"});
  }
  SECTION("trimmed as far as the last message, nothing is missed") {
    follower.on_page({.end = id(3), .is_last = true, .entries = {entry(id(3))}});
    CHECK(poll_all(follower) == Lines{"message 1000-3"});
  }
  SECTION("with a hole, of which all that follows is told") {
    follower.on_page(
        {.end = id(5), .is_last = true, .entries = {entry(id(2)), entry(id(3)), entry(id(5))}});
    CHECK(poll_all(follower) ==
          Lines{"message 1000-3", "history 1000-4", "message 1000-5", "live"});
  }
  SECTION("with a hole at its end") {
    follower.on_page({.end = id(4), .is_last = true, .entries = {entry(id(2)), entry(id(3))}});
    CHECK(poll_all(follower) == Lines{"message 1000-3", "history 1000-4", "live"});
  }
  SECTION("emptied") {
    follower.on_page({.end = id(5), .is_last = true, .entries = {}});
    CHECK(poll_all(follower) == Lines{"history 1000-5", "live"});
  }
  SECTION("of a new epoch") {
    follower.on_page({.end = {2'000, 1}, .is_last = true, .entries = {entry({2'000, 1})}});
    CHECK(poll_all(follower) == Lines{"history 2000-0", "message 2000-1", "live"});
    CHECK(follower.known() == EventId{2'000, 1});
  }
  SECTION("with an entry that is not ours") {
    follower.on_page(
        {.end = id(4), .is_last = true, .entries = {entry(id(2)), {id(3), "", {}}, entry(id(4))}});
    // The text received under its id differs from the history's: it reads again.
    CHECK(poll_all(follower) == Lines{"history 1000-3", "message 1000-4", "live", "read 1000-4"});
    CHECK(follower.counts().forged == 1);
  }
}

TEST_CASE("when the last message has changed its epoch is disowned") {
  auto follower = follower_at(id(2));
  follower.on_unsubscribed();
  follower.on_subscribed(id(3));
  poll_all(follower);
  follower.on_page({.end = id(3),
                    .is_last = true,
                    .entries = {{id(2), stamped_json(update_json(77), id(2)), {}}, entry(id(3))}});
  CHECK(poll_all(follower) == Lines{"read 1000-2"});
  // The script begins a new epoch, since the old one does not end there.
  CHECK(follower.known().epoch == epoch);
  CHECK(follower.known() > id(1'000'000'000));
  follower.on_page({.end = {2'000, 1}, .is_last = true, .entries = {entry({2'000, 1})}});
  CHECK(poll_all(follower) == Lines{"history 2000-0", "message 2000-1", "live"});
}

TEST_CASE("an id that was heard before makes the follower look whether the history went back") {
  auto follower = follower_at(id(3));
  follower.on_message(stamped_json(update_json(77), id(2)));
  CHECK(poll_all(follower) == Lines{"read 1000-3"});
  CHECK(follower.known() == id(3));
}

TEST_CASE("a bare message is offered until its adoption is received") {
  auto follower = follower_at(id(1));
  follower.on_message(update_json(2) + "\n");
  CHECK(poll_all(follower) == Lines{"adopt after 1000-1 1x" + update_json(2)});
  follower.on_not_callable();
  follower.on_callable();
  CHECK(poll_all(follower) == Lines{"read 1000-1", "adopt after 1000-1 1x" + update_json(2)});
  follower.on_page({.end = id(1), .is_last = true, .entries = {entry(id(1))}});
  follower.on_adopted(id(2));
  CHECK(poll_all(follower).empty());

  // The same text again, before the first one's adoption is received: it is the second.
  follower.on_message(update_json(2));
  CHECK(poll_all(follower) == Lines{"adopt after 1000-1 2x" + update_json(2)});
  follower.on_adopted(id(3));
  follower.on_message(message(id(2)));
  poll_all(follower);
  follower.on_page({.end = id(2), .is_last = true, .entries = {entry(id(1)), entry(id(2), true)}});
  CHECK(poll_all(follower) == Lines{"message 1000-2"});
  // After it, one is still held.
  follower.on_message(update_json(2));
  CHECK(poll_all(follower) == Lines{"adopt after 1000-2 2x" + update_json(2)});
}

TEST_CASE("an adoption that was refused is asked for again as soon as that is permitted") {
  auto follower = follower_at(id(1));
  follower.on_message(update_json(7));
  const Lines offer{"adopt after 1000-1 1x" + update_json(7)};
  CHECK(poll_all(follower) == offer);
  follower.on_adoption_refused();
  follower.permit(true, false);
  CHECK(poll_all(follower).empty());
  CHECK(follower.is_caught_up());
  follower.catch_up();
  CHECK(poll_all(follower) == Lines{"read 1000-1"});
  follower.permit(true, true);
  CHECK(poll_all(follower) == offer);
}

TEST_CASE("a read that was refused is asked for again as soon as that is permitted") {
  auto follower = follower_at(id(1));
  follower.catch_up();
  CHECK(poll_all(follower) == Lines{"read 1000-1"});
  follower.on_read_refused();
  follower.permit(false, true);
  CHECK_FALSE(follower.is_caught_up());
  CHECK(poll_all(follower).empty());
  follower.permit(true, true);
  CHECK(poll_all(follower) == Lines{"read 1000-1"});
  follower.on_page({.end = id(1), .is_last = true, .entries = {entry(id(1))}});
  CHECK(poll_all(follower) == Lines{"caught up"});
  CHECK(follower.is_caught_up());
}

TEST_CASE(
    "a bare message is offered again after the same cursor while its adoption is not received") {
  auto follower = follower_at(id(1));
  const std::string offer = " 1x" + update_json(9);
  follower.on_message(update_json(9));
  CHECK(poll_all(follower) == Lines{"adopt after 1000-1" + offer});
  follower.on_adopted(id(2));
  follower.on_unsubscribed();
  follower.on_subscribed(id(4));
  CHECK(poll_all(follower) == Lines{"read 1000-1", "adopt after 1000-1" + offer});
  follower.on_adopted(id(5));
  follower.on_page({.end = id(5), .is_last = true, .entries = {entry(id(5))}});
  CHECK(poll_all(follower) == Lines{"history 1000-4", "message 1000-5", "live"});

  // Its adoption was trimmed. Once everything up to it has been received, the message is no longer
  // held: the same text is another message then.
  follower.on_message(message(id(5)));
  follower.on_message(update_json(9));
  CHECK(poll_all(follower) == Lines{"adopt after 1000-5" + offer});
}

TEST_CASE("offers that came too late wait until more is received") {
  auto follower = follower_at(id(1));
  follower.on_message(update_json(9));
  poll_all(follower);
  follower.on_adopted(std::nullopt);
  CHECK(poll_all(follower).empty());
  follower.on_message(message(id(2)));
  CHECK(poll_all(follower) == Lines{"read 1000-1"});
  follower.on_page({.end = id(2), .is_last = true, .entries = {entry(id(1)), entry(id(2))}});
  CHECK(poll_all(follower) == Lines{"message 1000-2", "adopt after 1000-2 1x" + update_json(9)});
}

TEST_CASE("offers that came too late are made again if more was received before the answer") {
  auto follower = follower_at(id(1));
  follower.on_message(update_json(9));
  poll_all(follower);
  follower.on_message(message(id(2)));
  CHECK(poll_all(follower) == Lines{"read 1000-1"});
  follower.on_page({.end = id(2), .is_last = true, .entries = {entry(id(1)), entry(id(2))}});
  CHECK(poll_all(follower) == Lines{"message 1000-2"});
  follower.on_adopted(std::nullopt);
  CHECK(poll_all(follower) == Lines{"adopt after 1000-2 1x" + update_json(9)});
}

TEST_CASE("offers that came too late are made again past entries that can't be received any more") {
  auto follower = follower_at(id(1));
  follower.on_message(update_json(9));
  poll_all(follower);
  follower.on_unsubscribed();
  follower.on_subscribed(id(5));
  CHECK(poll_all(follower) == Lines{"read 1000-1"});
  // Nobody publishes anything from now on. What has come since the cursor is trimmed, but for two.
  const HistoryPage page{.end = id(5), .is_last = true, .entries = {entry(id(4)), entry(id(5))}};
  SECTION("the answer comes before the page") {
    follower.on_adopted(std::nullopt);
    CHECK(poll_all(follower).empty());
    follower.on_page(page);
    CHECK(poll_all(follower) == Lines{"history 1000-3", "message 1000-4", "message 1000-5", "live",
                                      "adopt after 1000-5 1x" + update_json(9)});
  }
  SECTION("the answer comes after the page") {
    follower.on_page(page);
    CHECK(poll_all(follower) ==
          Lines{"history 1000-3", "message 1000-4", "message 1000-5", "live"});
    follower.on_adopted(std::nullopt);
    CHECK(poll_all(follower) == Lines{"adopt after 1000-5 1x" + update_json(9)});
  }
}

TEST_CASE("a message with a made-up id is bare") {
  auto follower = follower_at(id(2));
  const auto claimed = GENERATE(values<std::string>({"1000-3", "1000-999", "999-1", "2000-1"}));
  const std::string text = R"({"registrationId":1,"status":"PENDING","id":")" + claimed + "\"}";
  follower.on_message(text);
  CHECK(poll_all(follower) == Lines{"read 1000-2"});
  follower.on_page({.end = id(2), .is_last = true, .entries = {entry(id(2))}});
  CHECK(poll_all(follower) == Lines{"adopt after 1000-2 1x" + text});
}

TEST_CASE("a forged next id never takes the place of the real one") {
  auto follower = follower_at(id(2));
  follower.on_message(stamped_json(update_json(666), id(3)));
  poll_all(follower);
  // The real one was published before the read, and arrives after it.
  follower.on_page({.end = id(3), .is_last = true, .entries = {entry(id(2)), entry(id(3))}});
  CHECK(poll_all(follower) == Lines{"message 1000-3", "read 1000-3"});
  CHECK(follower.counts().forged == 1);
  follower.on_page({.end = id(3), .is_last = true, .entries = {entry(id(3))}});
  follower.on_message(message(id(3)));
  CHECK(poll_all(follower).empty());
  CHECK(follower.counts().forged == 1);
}

TEST_CASE("a forged id of an entry without a message hides nothing that is heard behind it") {
  auto follower = follower_at(id(2));
  const std::string text = R"({"registrationId":1,"status":"PENDING","id":"999-1"})";
  follower.on_message(stamped_json(update_json(666), id(4)));
  follower.on_message(text);
  follower.on_message(stamped_json(text, id(3)));
  CHECK(poll_all(follower) == Lines{"read 1000-2"});
  // Another gateway had it adopted, and recorded a loss, which does not appear on the channel.
  const HistoryEntry adopted{
      .id = id(3), .message = stamped_json(text, id(3)), .adopted_as = id(3)};
  follower.on_page(
      {.end = id(4),
       .is_last = true,
       .entries = {entry(id(2)), adopted, {.id = id(4), .message = {}, .adopted_as = {}}}});
  while (const auto action = follower.poll()) {
    CHECK_FALSE(std::holds_alternative<Adopt>(*action));
  }
  CHECK(follower.counts().forged == 1);
}

TEST_CASE("a message of a history that was lost is not adopted into the next one") {
  auto follower = follower_at(id(2));
  follower.on_message(message({2'000, 1}));
  poll_all(follower);
  follower.on_page({.end = {2'000, 1}, .is_last = true, .entries = {entry({2'000, 1})}});
  poll_all(follower);
  follower.on_message(message(id(3)));
  CHECK(poll_all(follower).empty());
}

TEST_CASE("malformed messages are counted and never adopted") {
  auto follower = follower_at(id(1));
  const Lines texts{"", "text", "{}", "[]", "{\"registrationId\":0,\"status\":\"PENDING\"}",
                    "{\"registrationId\":1}", update_json(1) + "x",
                    // With its id, it would be longer than subscribers accept.
                    update_json(1) + std::string((1U << 20U) - update_json(1).size(), ' ')};
  for (const auto& text : texts) {
    follower.on_message(text);
  }
  CHECK(poll_all(follower).empty());
  CHECK(follower.counts().malformed.total() == texts.size());
}

TEST_CASE(
    "unverified messages beyond the limit leave the channel unread until a read settles them") {
  HistoryFollower follower{{.unverified_bytes_max = 100}};
  follower.on_callable();
  follower.on_subscribed(id(0));
  poll_all(follower);
  follower.on_page({.end = id(0), .is_last = true, .entries = {}});
  poll_all(follower);
  CHECK(follower.may_receive());
  HistoryPage page{.end = id(9), .is_last = true, .entries = {}};
  for (std::uint64_t sequence = 1; sequence <= 9; ++sequence) {
    follower.on_message(message(id(sequence)));
    page.entries.push_back(entry(id(sequence)));
  }
  CHECK_FALSE(follower.may_receive());
  CHECK(poll_all(follower) == Lines{"read 1000-0"});
  follower.on_page(std::move(page));
  CHECK(poll_all(follower).size() == 9);
  CHECK(follower.may_receive());
}

TEST_CASE("catch_up is answered by a read that begins after it") {
  auto follower = follower_at(id(1));
  SECTION("and nothing is new") {
    follower.catch_up();
    CHECK(poll_all(follower) == Lines{"read 1000-1"});
    follower.on_page({.end = id(1), .is_last = true, .entries = {entry(id(1))}});
    CHECK(poll_all(follower) == Lines{"caught up"});
  }
  SECTION("not what one gives that was under way") {
    follower.on_message(message(id(2)));
    CHECK(poll_all(follower) == Lines{"read 1000-1"});
    follower.catch_up();
    CHECK(poll_all(follower).empty());
    follower.on_page({.end = id(2), .is_last = true, .entries = {entry(id(1)), entry(id(2))}});
    CHECK(poll_all(follower) == Lines{"message 1000-2", "read 1000-2"});
    follower.on_page({.end = id(3), .is_last = true, .entries = {entry(id(2)), entry(id(3))}});
    CHECK(poll_all(follower) == Lines{"message 1000-3", "caught up"});
  }
  SECTION("to its last page") {
    follower.catch_up();
    poll_all(follower);
    follower.on_page({.end = id(3), .is_last = false, .entries = {entry(id(1)), entry(id(2))}});
    CHECK(poll_all(follower) == Lines{"message 1000-2", "read 1000-2"});
    follower.on_page({.end = id(3), .is_last = true, .entries = {entry(id(2)), entry(id(3))}});
    CHECK(poll_all(follower) == Lines{"message 1000-3", "caught up"});
  }
  SECTION("once for all who wanted it before the read began") {
    follower.catch_up();
    follower.catch_up();
    CHECK(poll_all(follower) == Lines{"read 1000-1"});
    follower.catch_up();
    follower.on_page({.end = id(1), .is_last = true, .entries = {entry(id(1))}});
    CHECK(poll_all(follower) == Lines{"caught up", "read 1000-1"});
    follower.on_page({.end = id(1), .is_last = true, .entries = {entry(id(1))}});
    CHECK(poll_all(follower) == Lines{"caught up"});
  }
  SECTION("though the connection breaks meanwhile") {
    follower.catch_up();
    poll_all(follower);
    follower.on_not_callable();
    follower.on_unsubscribed();
    CHECK(poll_all(follower).empty());
    follower.on_callable();
    CHECK(poll_all(follower) == Lines{"read 1000-1"});
    follower.on_page({.end = id(1), .is_last = true, .entries = {entry(id(1))}});
    CHECK(poll_all(follower) == Lines{"caught up"});
  }
  SECTION("of another history, if that is what there is by now") {
    follower.catch_up();
    poll_all(follower);
    follower.on_page({.end = {2'000, 1}, .is_last = true, .entries = {entry({2'000, 1})}});
    CHECK(poll_all(follower) == Lines{"history 2000-0", "message 2000-1", "live", "caught up"});
  }
  SECTION("which is also told when the last message has become another one") {
    follower.catch_up();
    poll_all(follower);
    HistoryEntry other = entry(id(1));
    other.message = "{}";
    follower.on_page({.end = id(1), .is_last = true, .entries = {other}});
    CHECK(poll_all(follower) == Lines{"read 1000-1"});
    follower.on_page({.end = {2'000, 0}, .is_last = true, .entries = {}});
    CHECK(poll_all(follower) == Lines{"history 2000-0", "live", "caught up"});
  }
}

TEST_CASE("an adoption known before a new epoch is the same adoption in it") {
  auto follower = follower_at(id(1));
  follower.on_message(update_json(2));
  follower.on_message(update_json(2));
  CHECK(poll_all(follower) ==
        Lines{"adopt after 1000-1 1x" + update_json(2) + " 2x" + update_json(2)});
  // Another gateway's offer came first, and only one of the two survives in the next epoch.
  const EventId moved{2'000, 2};
  HistoryEntry adopted{
      .id = moved, .message = stamped_json(update_json(2), moved), .adopted_as = id(2)};
  const bool is_read_before = GENERATE(true, false);
  if (is_read_before) {
    follower.on_message(message(id(2)));
    CHECK(poll_all(follower) == Lines{"read 1000-1"});
    follower.on_page(
        {.end = id(2), .is_last = true, .entries = {entry(id(1)), entry(id(2), true)}});
    CHECK(poll_all(follower) == Lines{"message 1000-2"});
  }
  follower.on_adopted(std::nullopt);
  follower.on_unsubscribed();
  follower.on_subscribed({2'000, 2});
  poll_all(follower);
  follower.on_page(
      {.end = moved, .is_last = true, .entries = {entry({2'000, 1}), std::move(adopted)}});
  // The other one is still held, and not yet adopted.
  follower.on_message(message({2'000, 3}));
  poll_all(follower);
  follower.on_page(
      {.end = {2'000, 3},
       .is_last = true,
       .entries = {
           {.id = moved, .message = stamped_json(update_json(2), moved), .adopted_as = id(2)},
           entry({2'000, 3})}});
  follower.on_adopted(std::nullopt);
  const auto lines = poll_all(follower);
  REQUIRE_FALSE(lines.empty());
  CHECK(lines.back() == "adopt after 2000-3 1x" + update_json(2));
}

TEST_CASE("an adoption that a new epoch took over is found after a cursor that is too old") {
  auto follower = follower_at(id(1));
  follower.on_message(update_json(7));
  poll_all(follower);
  // Its adoption came while the channel was not subscribed. Then a new epoch begins, and its oldest
  // messages are trimmed.
  follower.on_unsubscribed();
  follower.on_subscribed(id(2));
  poll_all(follower);
  follower.on_page({.end = {2'000, 7}, .is_last = false, .entries = {entry({2'000, 6})}});
  follower.on_adopted(std::nullopt);
  CHECK(poll_all(follower) == Lines{"history 2000-5", "message 2000-6", "read 2000-6"});
  const EventId moved{2'000, 7};
  follower.on_page({.end = moved,
                    .is_last = true,
                    .entries = {entry({2'000, 6}),
                                {.id = moved, .message = message(moved), .adopted_as = id(2)}}});
  CHECK(poll_all(follower) == Lines{"message 2000-7", "live", "probe channel"});
  follower.on_message(message({2'000, 8}));
  CHECK(poll_all(follower) == Lines{"read 2000-7"});
  follower.on_page({.end = {2'000, 8},
                    .is_last = true,
                    .entries = {{.id = moved, .message = message(moved), .adopted_as = id(2)},
                                entry({2'000, 8})}});
  CHECK(poll_all(follower) == Lines{"message 2000-8"});
  CHECK(follower.adoption().waiting() == 0);
}

TEST_CASE(
    "what was heard before the channel was lost, and turns out to be bare, is offered as such") {
  auto follower = follower_at(id(2));
  const std::string text = R"({"registrationId":1,"status":"PENDING","id":"999-1"})";
  follower.on_message(text);
  CHECK(poll_all(follower) == Lines{"read 1000-2"});
  follower.on_not_callable();
  follower.on_unsubscribed();
  follower.on_callable();
  // Another gateway may have had it adopted in the meantime.
  follower.on_subscribed(id(3));
  CHECK(poll_all(follower) == Lines{"read 1000-2"});
  follower.on_page({.end = id(3), .is_last = true, .entries = {entry(id(2)), entry(id(3))}});
  // It was not, up to the last entry that was read.
  CHECK(poll_all(follower) == Lines{"message 1000-3", "adopt after 1000-3 1x" + text});
}
