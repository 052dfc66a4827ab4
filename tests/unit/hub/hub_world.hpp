#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/random.hpp>
#include <regstream/registration/registration.hpp>

#include "hub/hub.hpp"

/// Two hubs and their readers, checked against the truth. Readers connect, read a part of what they
/// are sent, are cut off after any byte, and reconnect to one of the hubs with their last id.
/// Meanwhile the history continues, is trimmed, restarts in its epoch or in another, and holds
/// malformed messages. The second hub receives everything late.
namespace regstream::hub {

/// Ids 1 to this one.
inline constexpr std::int64_t registrations = 3;
inline constexpr std::int64_t timestamp_ms = 1'702'493'000'000;

struct Message {
  EventId id;
  std::optional<Update> update = {};  // Empty: the message was malformed.
  std::string text = "{broken";
};

struct Truth {
  std::vector<Message> messages;  // Everything that was ever published, in order.
  std::vector<EventId> starts;    // The positions at which histories began, the latest last.

  // The first of the messages after an id.
  [[nodiscard]] std::vector<Message>::const_iterator after(EventId id) const {
    return std::upper_bound(messages.begin(), messages.end(), id,
                            [](EventId one, const Message& message) { return one < message.id; });
  }

  // The first matching one. Null: there is none.
  template <typename Wanted>
  [[nodiscard]] const Message* next(EventId id, Wanted wanted) const {
    const auto found = std::find_if(after(id), messages.end(), wanted);
    return found == messages.end() ? nullptr : &*found;
  }

  // The view from the messages after `start` up to and including `end`.
  [[nodiscard]] RegistrationView view(std::int64_t registration_id, EventId start,
                                      EventId end) const {
    Registration registration(registration_id);
    for (auto message = after(start); message != messages.end() && message->id <= end; ++message) {
      if (message->update && message->update->registration_id == registration_id) {
        registration.apply(*message->update);
      }
    }
    return registration.view();
  }
};

struct Tally {
  std::size_t updates = 0;
  std::size_t resets = 0;
  HubCounters counters;

  void add(const HubCounters& more) {
    counters.resumed += more.resumed;
    counters.waited += more.waited;
    counters.overruns += more.overruns;
    counters.ended += more.ended;
    counters.snapshots += more.snapshots;
    counters.duplicates += more.duplicates;
    counters.gaps += more.gaps;
    counters.malformed += more.malformed;
  }
};

// The events that a hub receives.
struct Begin {
  EventId position;
};
struct Live {};
using Event = std::variant<Begin, Message, Live>;

// A hub that has received the events up to one of them, and its open question.
class Follower {
 public:
  explicit Follower(const HubOptions& options) : hub(options) {}

  void follow(const std::vector<Event>& events, std::size_t count, Instant now) {
    for (; count > 0 && told_ < events.size(); --count) {
      const Event& event = events[told_++];
      if (const auto* const begin = std::get_if<Begin>(&event)) {
        hub.begin_history(begin->position);
      } else if (const auto* const message = std::get_if<Message>(&event)) {
        const bool is_new = message->id > hub.journal().position();
        const bool is_refused = hub.publish(message->id, message->text, now).has_value();
        if (is_refused != (is_new && !message->update)) {
          FAIL((is_refused ? "refused: " : "taken: ") << message->text);
        }
      } else {
        hub.go_live(timestamp_ms);
      }
    }
  }

  void ask(const std::vector<Event>& events, Instant now) {
    if (hub.poll_catch_up(now)) {
      REQUIRE_FALSE(asked_);
      asked_ = events.size();
    }
  }

  void answer() {
    if (asked_ && told_ >= *asked_ && hub.is_live()) {
      asked_.reset();
      hub.caught_up(timestamp_ms);
    }
  }

  Hub hub;

 private:
  std::size_t told_ = 0;
  std::optional<std::size_t> asked_;  // How many events there were.
};

/// `Reader` is a client that comes and goes: it is constructed from its number, and has `connect`,
/// `read`, `disconnect` and `check_at_end`.
template <typename Reader>
class World {
 public:
  explicit World(std::uint64_t seed)
      : random_(seed),
        journal_limits_{.count_max = static_cast<std::size_t>(1 + random_.up_to(40)),
                        .bytes_max = static_cast<std::size_t>(1'000 + random_.up_to(20'000)),
                        .age_max = Duration{static_cast<std::int64_t>(20 + random_.up_to(200))}},
        options_{.outbox_bytes_max = static_cast<std::size_t>(1 + random_.up_to(2'000)),
                 .catch_up_interval = Duration{static_cast<std::int64_t>(random_.up_to(20))},
                 .journal = journal_limits_} {
    begin({.epoch = 1'000, .sequence = 0});
    for (std::int64_t reader = 0; reader < 8; ++reader) {
      readers_.emplace_back(reader);
    }
  }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      now_ += Duration{static_cast<std::int64_t>(random_.up_to(3))};
      const std::uint64_t what = random_.up_to(99);
      if (what < 2) {
        begin_history();
      } else if (what < 10) {
        events_.emplace_back(Live{});
      } else if (what < 55) {
        publish();
      } else {
        move(readers_[random_.up_to(readers_.size() - 1)]);
      }
      prompt_.follow(events_, events_.size(), now_);
      if (random_.up_to(3) == 0) {
        late_.follow(events_, random_.up_to(12), now_);
      }
      for (Follower* const follower : {&prompt_, &late_}) {
        if (random_.up_to(2) == 0) {
          follower->answer();
        }
        follower->ask(events_, now_);
      }
    }
  }

  Tally finish() {
    events_.emplace_back(Live{});
    for (Reader& reader : readers_) {
      if (!reader.is_connected()) {
        reader.connect(any_hub(), now_, random_);
      }
    }
    for (Follower* const follower : {&prompt_, &late_}) {
      follower->follow(events_, events_.size(), now_);
      follower->answer();
      follower->ask(events_, now_ + options_.catch_up_interval);
      follower->answer();
    }
    Tally tally;
    for (Reader& reader : readers_) {
      while (reader.read(100'000, truth_)) {
      }
      reader.check_at_end(prompt_.hub.journal().position(), truth_);
      tally.updates += reader.updates();
      tally.resets += reader.resets();
    }
    tally.add(prompt_.hub.counters());
    tally.add(late_.hub.counters());
    return tally;
  }

 private:
  // Another history: the same from an earlier moment on, or later in the epoch, or in a new epoch.
  void begin_history() {
    EventId position = position_;
    const std::uint64_t how = random_.up_to(2);
    std::vector<Message> told;
    if (how == 0) {
      position = {.epoch = position.epoch + 1 + random_.up_to(3), .sequence = random_.up_to(2)};
    } else if (how == 1) {
      position.sequence += random_.up_to(3);
    } else {
      const std::uint64_t count = random_.up_to(20);
      for (auto message = truth_.messages.rbegin();
           told.size() < count && message != truth_.messages.rend() && message->id == position;
           ++message) {
        told.insert(told.begin(), *message);
        --position.sequence;
      }
    }
    begin(position);
    for (const Message& message : told) {
      deliver(message);
    }
  }

  void begin(EventId position) {
    truth_.starts.push_back(position);
    events_.emplace_back(Begin{position});
    position_ = position;
  }

  void publish() {
    EventId id = position_;
    const std::uint64_t what = random_.up_to(60);
    if (what == 0) {
      if (!truth_.messages.empty()) {
        events_.emplace_back(Message{.id = truth_.messages.back().id});  // Again.
      }
      return;
    }
    ++id.sequence;
    if (what == 1) {
      truth_.starts.push_back({.epoch = id.epoch, .sequence = id.sequence});
      ++id.sequence;  // A gap.
    }
    Message message{.id = id};
    if (random_.up_to(15) != 0) {
      const std::uint64_t stage = random_.up_to(4);
      Update update;
      update.registration_id =
          1 +
          static_cast<std::int64_t>(random_.up_to(static_cast<std::uint64_t>(registrations) - 1));
      update.status = stage == 4 ? "APPROVED" : "PENDING";
      if (stage < 4) {
        update.stage = "stage_" + std::to_string(stage);
        update.stage_status = random_.up_to(1) == 0 ? StageStatus::started : StageStatus::completed;
      }
      update.message = std::string(random_.up_to(300), 'm') + std::to_string(random_.next());
      update.timestamp_ms = timestamp_ms + static_cast<std::int64_t>(random_.up_to(1'000));
      update.id = id;
      message.text = encode_update(update);
      message.update = std::move(update);
    }
    truth_.messages.push_back(message);
    deliver(message);
  }

  void deliver(const Message& message) {
    events_.emplace_back(message);
    position_ = message.id;
  }

  Hub& any_hub() { return random_.up_to(1) == 0 ? prompt_.hub : late_.hub; }

  void move(Reader& reader) {
    if (!reader.is_connected()) {
      reader.connect(any_hub(), now_, random_);
    } else if (random_.up_to(9) == 0) {
      reader.disconnect();
    } else {
      reader.read(random_.up_to(3'000), truth_);
    }
  }

  Random random_;
  JournalLimits journal_limits_;
  HubOptions options_;
  Follower prompt_{options_};
  Follower late_{options_};
  std::deque<Reader> readers_;
  Truth truth_;
  std::vector<Event> events_;
  EventId position_;  // After the last of them.
  Instant now_{};
};

}  // namespace regstream::hub
