// Several followers over a naive model of Redis and its script, in which everything that can happen
// happens in a random order. A failing seed is printed with the failure. The model is not the
// simulation's: it has no clock and no limits, and its pages are so short that each run ends many.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include <regstream/random.hpp>

#include "broker/history/history_follower.hpp"
#include "redis_program.hpp"

namespace {

using regstream::EventId;
using regstream::Random;
using regstream::broker::Adopt;
using regstream::broker::AwaitHistory;
using regstream::broker::BeginHistory;
using regstream::broker::CaughtUp;
using regstream::broker::FollowerAction;
using regstream::broker::GoLive;
using regstream::broker::HistoryEntry;
using regstream::broker::HistoryFollower;
using regstream::broker::HistoryPage;
using regstream::broker::ReadHistory;
using regstream::broker::TellMessage;
using regstream::test::stamped_json;
using regstream::test::update_json;

/// What may go wrong in one run.
struct Faults {
  bool loses_subscriptions = false;
  bool loses_calls = false;
  bool loses_waits = false;
  bool trims = false;
  bool flushes = false;
  bool restores_older_data = false;
  bool forges = false;
  bool repeats_texts = false;
};

/// The script, as scripts/history.lua says what it does.
class ModelRedis {
 public:
  struct Entry {
    EventId id;
    std::string text;
    std::optional<EventId> adopted_as;
  };

  EventId open(EventId known) {
    if (!end_ || known > *end_) {
      const auto least = std::max(known.epoch, end_ ? end_->epoch : 0) + 1;
      end_ = EventId{std::max(least, ++clock_), 0};
      for (auto& entry : entries_) {
        entry.id = {end_->epoch, ++end_->sequence};
      }
    }
    return *end_;
  }

  HistoryPage read(EventId known, std::optional<EventId> from) {
    HistoryPage page{.end = open(known), .is_last = true, .entries = {}};
    for (const auto& entry : entries_) {
      if (from && entry.id < *from) {
        continue;
      }
      if (page.entries.size() == 3) {
        page.is_last = false;
        break;
      }
      page.entries.push_back({entry.id, stamped_json(entry.text, entry.id), entry.adopted_as});
    }
    return page;
  }

  /// What XREAD gives: at most two.
  [[nodiscard]] std::vector<HistoryEntry> after(EventId id) const {
    std::vector<HistoryEntry> found;
    for (const auto& entry : entries_) {
      if (entry.id > id && found.size() < 2) {
        found.push_back({entry.id, stamped_json(entry.text, entry.id), entry.adopted_as});
      }
    }
    return found;
  }

  /// Gives what goes out on the channel.
  std::string publish(const std::string& text, bool is_adopted) {
    end_ = EventId{end_->epoch, end_->sequence + 1};
    entries_.push_back({*end_, text, is_adopted ? end_ : std::nullopt});
    ++appended_[text];
    return stamped_json(text, *end_);
  }

  std::optional<std::vector<std::string>> adopt(EventId known, const Adopt& adopt) {
    open(known);
    const auto begin = entries_.empty() ? end_->sequence : entries_.front().id.sequence - 1;
    const bool is_same_epoch = end_->epoch == adopt.cursor.epoch;
    if (begin > (is_same_epoch ? adopt.cursor.sequence : 0)) {
      return std::nullopt;
    }
    std::vector<std::string> published;
    for (const auto& offer : adopt.offers) {
      const auto count = std::count_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.adopted_as > adopt.cursor && entry.text == offer.text;
      });
      if (static_cast<std::size_t>(count) < offer.ordinal) {
        published.push_back(publish(offer.text, true));
      }
    }
    return published;
  }

  void trim(std::size_t length) {
    while (entries_.size() > length) {
      entries_.pop_front();
    }
  }
  void flush() {
    entries_.clear();
    end_.reset();
  }
  void save() { saved_ = {entries_, end_}; }
  void restore() { std::tie(entries_, end_) = saved_; }

  [[nodiscard]] const std::deque<Entry>& entries() const { return entries_; }
  [[nodiscard]] EventId end() const { return end_.value_or(EventId{}); }
  /// How often each text has ever entered the history.
  [[nodiscard]] const std::map<std::string, int>& appended() const { return appended_; }

 private:
  std::deque<Entry> entries_;
  std::optional<EventId> end_;
  std::pair<std::deque<Entry>, std::optional<EventId>> saved_;
  std::map<std::string, int> appended_;
  std::uint64_t clock_ = 1'000;
};

/// One gateway: its follower, its three connections, and what its subscriber was told.
struct Gateway {
  using Call = std::variant<ReadHistory, Adopt>;
  using Answer = std::variant<HistoryPage, std::optional<EventId>>;

  HistoryFollower follower;
  std::deque<std::string> inbox;
  std::optional<EventId> position;
  bool is_listening = false;
  bool is_callable = false;
  std::deque<std::pair<EventId, Call>> calls;
  std::deque<Answer> answers;
  bool is_awaitable = false;
  std::optional<EventId> awaits_after;
  std::optional<std::vector<HistoryEntry>> awaited;

  std::optional<EventId> last;
  std::vector<std::pair<EventId, std::string>> told;  // Since the history began.
  std::map<EventId, std::string> ever_told;
  bool is_live = false;
  int histories = 0;
  std::optional<EventId> asked_at;  // The history's end when it was asked to catch up.

  void advance() {
    while (auto action = follower.poll()) {
      std::visit([this](auto& wanted) { act(wanted); }, *action);
    }
  }
  void act(const BeginHistory& begin) {
    // Ids only grow, and so do positions.
    REQUIRE((!last || begin.position > *last));
    ++histories;
    is_live = false;
    last = begin.position;
    told.clear();
  }
  void act(const TellMessage& message) {
    REQUIRE(last);
    REQUIRE(message.id == EventId{last->epoch, last->sequence + 1});
    last = message.id;
    told.emplace_back(message.id, message.message);
    REQUIRE(ever_told.emplace(message.id, message.message).second);
  }
  void act(const GoLive& /*live*/) {
    REQUIRE(histories > 0);
    REQUIRE_FALSE(is_live);
    is_live = true;
  }
  void act(const CaughtUp& /*caught_up*/) {
    REQUIRE(is_live);
    REQUIRE(asked_at);
    REQUIRE(*last >= *asked_at);
    asked_at.reset();
  }
  void act(const ReadHistory& read) { calls.emplace_back(follower.known(), read); }
  void act(const AwaitHistory& await) {
    REQUIRE_FALSE(awaits_after);
    REQUIRE_FALSE(awaited);
    awaits_after = await.after;
  }
  void act(const Adopt& adopt) { calls.emplace_back(follower.known(), adopt); }
  // Nothing here fills a bound: the simulation does.
  void act(const regstream::broker::LeaveChannel& /*leave*/) { FAIL(); }
  void act(const regstream::broker::TellLoss& /*loss*/) { FAIL(); }
};

class World {
 public:
  World(std::uint64_t seed, Faults faults) : random_(seed), faults_(faults), gateways_(3) {
    redis_.save();
  }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      happen();
    }
    settle();
    // A history that was lost shows when somebody publishes.
    publish();
    settle();
  }

  void check() {
    for (auto& gateway : gateways_) {
      CHECK(gateway.follower.is_caught_up());
      REQUIRE(gateway.last);
      CHECK(*gateway.last == redis_.end());
      CHECK(gateway.is_live);
      CHECK_FALSE(gateway.asked_at);
      // Newest first: whatever the history holds was told, as far as this one's own goes back.
      auto told = gateway.told.rbegin();
      for (auto entry = redis_.entries().rbegin();
           entry != redis_.entries().rend() && told != gateway.told.rend(); ++entry, ++told) {
        CHECK(told->first == entry->id);
        CHECK(told->second == stamped_json(entry->text, entry->id));
      }
      if (!faults_.restores_older_data) {
        for (const auto& [id, message] : gateway.ever_told) {
          CHECK(ids_.emplace(id, message).first->second == message);
        }
      }
      if (!faults_.trims && !faults_.flushes && !faults_.restores_older_data) {
        CHECK(gateway.told.size() == redis_.entries().size());
        CHECK(gateway.histories == 1);
      }
    }
    for (const auto& [text, count] : published_) {
      CAPTURE(text);
      REQUIRE(redis_.appended().count(text) == 1);
      if (!faults_.flushes && !faults_.restores_older_data) {
        CHECK(redis_.appended().at(text) == count);
      }
    }
    // And nothing else did, but for messages that the history lost while they were on the channel:
    // those are taken in again, as bare ones.
    if (!faults_.forges && !faults_.flushes && !faults_.restores_older_data) {
      CHECK(redis_.appended().size() == published_.size());
    }
  }

 private:
  bool chance(std::uint64_t one_in) { return random_.up_to(one_in - 1) == 0; }
  Gateway& any() { return gateways_[random_.up_to(gateways_.size() - 1)]; }

  std::string text() {
    return update_json(faults_.repeats_texts ? static_cast<int>(random_.up_to(3)) : ++texts_);
  }

  void send_out(const std::string& message) {
    for (auto& gateway : gateways_) {
      if (gateway.is_listening) {
        gateway.inbox.push_back(message);
      }
    }
  }

  void publish() {
    redis_.open({});
    const auto published = text();
    ++published_[published];
    send_out(redis_.publish(published, false));
  }

  void publish_bare(const std::string& message) {
    // The first gateway listens from the first moment on; before it does, nobody would hear it.
    if (gateways_.front().is_listening) {
      ++published_[message];
      send_out(message);
    }
  }

  void happen() {
    switch (random_.up_to(11)) {
      case 10:
        wait(any());
        return;
      case 11:
        end_wait(any());
        return;
      case 0:
        publish();
        return;
      case 1:
        publish_bare(text());
        return;
      case 2:
        hear(any());
        hear(any());
        return;
      case 3:
      case 4:
        execute(any());
        return;
      case 5:
      case 6:
        answer(any());
        return;
      case 7:
        connect(any());
        return;
      default:
        if (chance(4)) {
          go_wrong();
        } else if (chance(4)) {
          ask(any());
        }
        return;
    }
  }

  void hear(Gateway& gateway) {
    if (!gateway.inbox.empty()) {
      gateway.follower.on_message(gateway.inbox.front());
      gateway.inbox.pop_front();
      gateway.advance();
    }
  }

  void execute(Gateway& gateway) {
    if (gateway.calls.empty()) {
      return;
    }
    const auto [known, call] = std::move(gateway.calls.front());
    gateway.calls.pop_front();
    if (const auto* const read = std::get_if<ReadHistory>(&call)) {
      gateway.answers.emplace_back(redis_.read(known, read->from));
      return;
    }
    const auto published = redis_.adopt(known, std::get<Adopt>(call));
    for (const auto& message : published.value_or(std::vector<std::string>{})) {
      send_out(message);
    }
    gateway.answers.emplace_back(published ? std::optional{redis_.end()} : std::nullopt);
  }

  void answer(Gateway& gateway) {
    if (gateway.answers.empty()) {
      return;
    }
    auto first = std::move(gateway.answers.front());
    gateway.answers.pop_front();
    if (auto* const page = std::get_if<HistoryPage>(&first)) {
      gateway.follower.on_page(std::move(*page));
    } else {
      gateway.follower.on_adopted(std::get<std::optional<EventId>>(first));
    }
    gateway.advance();
  }

  /// Nothing came in time, now and then.
  void wait(Gateway& gateway) {
    if (!gateway.awaits_after) {
      return;
    }
    auto found = redis_.after(*gateway.awaits_after);
    if (!found.empty() || chance(8)) {
      gateway.awaits_after.reset();
      gateway.awaited = std::move(found);
    }
  }

  void end_wait(Gateway& gateway) {
    if (gateway.awaited) {
      gateway.follower.on_awaited(*std::exchange(gateway.awaited, std::nullopt));
      gateway.advance();
    }
  }

  void connect(Gateway& gateway) {
    if (!gateway.is_awaitable && chance(4)) {
      gateway.is_awaitable = true;
      gateway.follower.on_awaitable();
    } else if (!gateway.is_callable && chance(2)) {
      gateway.is_callable = true;
      gateway.follower.on_callable();
    } else if (!gateway.position) {
      gateway.position = redis_.open(gateway.follower.known());
    } else if (!gateway.is_listening) {
      gateway.is_listening = true;
      gateway.follower.on_subscribed(*gateway.position);
    }
    gateway.advance();
  }

  /// As the hub does: when it is live, and one question at a time.
  void ask(Gateway& gateway) {
    if (gateway.is_live && !gateway.asked_at) {
      // Older data may end before that.
      gateway.asked_at = faults_.restores_older_data ? EventId{} : redis_.end();
      gateway.follower.catch_up();
      gateway.advance();
    }
  }

  void go_wrong() {
    auto& gateway = any();
    switch (random_.up_to(6)) {
      case 6:
        if (faults_.loses_waits && gateway.is_awaitable) {
          gateway.is_awaitable = false;
          gateway.awaits_after.reset();
          gateway.awaited.reset();
          gateway.follower.on_not_awaitable();
        }
        break;
      case 0:
        if (faults_.loses_subscriptions && &gateway != &gateways_.front() && gateway.is_listening) {
          gateway.is_listening = false;
          gateway.position.reset();
          gateway.inbox.clear();
          gateway.follower.on_unsubscribed();
        }
        break;
      case 1:
        if (faults_.loses_calls && gateway.is_callable) {
          // Redis may have got some of them.
          while (!gateway.calls.empty() && chance(2)) {
            execute(gateway);
          }
          gateway.is_callable = false;
          gateway.calls.clear();
          gateway.answers.clear();
          gateway.follower.on_not_callable();
        }
        break;
      case 2:
        if (faults_.trims) {
          redis_.trim(random_.up_to(6));
        }
        break;
      case 3:
        if (faults_.flushes && chance(3)) {
          redis_.flush();
        }
        break;
      case 4:
        if (faults_.restores_older_data) {
          chance(2) ? redis_.save() : redis_.restore();
        }
        break;
      default:
        if (faults_.forges) {
          forge();
        }
        break;
    }
    gateway.advance();
  }

  void forge() {
    const auto end = redis_.end();
    switch (random_.up_to(3)) {
      case 0:
        send_out("no update");
        break;
      case 1:  // An id that was never given, at some distance.
        send_out(R"({"registrationId":1,"status":"forged","id":")" +
                 to_string(EventId{end.epoch, end.sequence + 1 + random_.up_to(2)}) + "\"}");
        break;
      case 2:  // An id that was given to something else.
        send_out(stamped_json(update_json(-1), end));
        break;
      default:  // Somebody tells once more what he has heard.
        if (!redis_.entries().empty()) {
          const auto& entry = redis_.entries().back();
          send_out(stamped_json(entry.text, entry.id));
        }
        break;
    }
    for (auto& gateway : gateways_) {
      gateway.advance();
    }
  }

  /// Everybody is connected, and everything arrives.
  void settle() {
    for (int round = 0; round < 2'000; ++round) {
      bool is_quiet = true;
      for (auto& gateway : gateways_) {
        is_quiet = is_quiet && gateway.is_callable && gateway.is_listening &&
                   gateway.inbox.empty() && gateway.calls.empty() && gateway.answers.empty() &&
                   gateway.is_awaitable && gateway.awaits_after && !gateway.awaited &&
                   redis_.after(*gateway.awaits_after).empty();
        connect(gateway);
        hear(gateway);
        execute(gateway);
        answer(gateway);
        wait(gateway);
        end_wait(gateway);
      }
      if (is_quiet) {
        return;
      }
    }
    FAIL("it never comes to rest");
  }

  Random random_;
  Faults faults_;
  ModelRedis redis_;
  std::vector<Gateway> gateways_;
  std::map<std::string, int> published_;
  std::map<EventId, std::string> ids_;
  int texts_ = 0;
};

void simulate(Faults faults) {
  constexpr std::uint64_t seeds = 1'500;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    CAPTURE(seed);
    World world{seed, faults};
    world.run(300);
    world.check();
  }
}

}  // namespace

TEST_CASE("three gateways tell the same, and adopt each bare message once") {
  simulate({.repeats_texts = true});
}

TEST_CASE("the same while calls are lost") {
  simulate({.loses_calls = true, .repeats_texts = true});
}

TEST_CASE("the same while subscriptions and waits are lost too") {
  simulate({.loses_subscriptions = true, .loses_calls = true, .loses_waits = true});
}

TEST_CASE("the same while somebody forges messages") {
  simulate({.loses_subscriptions = true, .loses_calls = true, .forges = true});
}

TEST_CASE("the same while the history is trimmed to almost nothing") {
  simulate({.loses_calls = true, .trims = true});
}

TEST_CASE("a history that is lost or restored is told anew, and loses no bare message") {
  simulate({.flushes = true});
  simulate({.restores_older_data = true});
  simulate({.loses_subscriptions = true,
            .loses_calls = true,
            .loses_waits = true,
            .trims = true,
            .flushes = true,
            .restores_older_data = true,
            .forges = true});
}
