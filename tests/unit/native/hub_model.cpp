#include <algorithm>
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
#include <regstream/session/stream_session.hpp>

#include "hub/hub.hpp"

// Two hubs and their readers against what really happened. Readers come, read a part of what they
// are sent, are cut off after any byte, and come back to one of the hubs with the id that they had
// last; meanwhile the history goes on, is trimmed, restarts in its epoch or in another, and holds
// broken messages. The second hub hears of all that late.

using namespace regstream;
using namespace regstream::hub;

namespace {

constexpr std::int64_t registrations = 3;
constexpr std::int64_t timestamp_ms = 1'702'493'000'000;

struct Message {
  EventId id;
  std::optional<Update> update;  // Nothing: it was broken.
};

struct Truth {
  std::vector<Message> messages;  // Everything that was ever published, in order.
  std::vector<EventId> starts;    // After which a history was told, the latest last.

  // What the messages after `start` say of a registration, `end` included.
  [[nodiscard]] RegistrationView view(std::int64_t registration_id, EventId start,
                                      EventId end) const {
    Registration registration(registration_id);
    for (const Message& message : messages) {
      if (message.update && message.id > start && message.id <= end) {
        registration.apply(*message.update);
      }
    }
    return registration.view();
  }
};

std::vector<std::int64_t> followed(std::optional<std::int64_t> registration_id) {
  return registration_id ? std::vector{*registration_id} : std::vector<std::int64_t>{};
}

// A client: its session, and what the contract promises it, held against what it is told.
class Reader {
 public:
  explicit Reader(std::optional<std::int64_t> registration_id)
      : registration_id_(registration_id), session_({}, 1, followed(registration_id)) {}

  void connect(Hub& hub, Instant now) {
    is_first_ = true;
    waits_for_snapshot_ = false;
    hub_ = &hub;
    now_ = now;
    REQUIRE((session_.restart(now) || session_.connect(now)));
    while (const auto action = session_.poll_action()) {
      if (const auto* const open = std::get_if<OpenTransport>(&*action)) {
        attempt_ = open->attempt;
        id_ = hub.subscribe(registration_id_, open->last_event_id, now, timestamp_ms);
      }
    }
    const ResponseHead accepted{.status = 200, .is_event_stream = true, .retry_after = {}};
    REQUIRE(session_.on_response(attempt_, accepted, now));
  }

  void disconnect() {
    hub_->unsubscribe(*id_);
    id_.reset();
  }

  [[nodiscard]] bool is_connected() const { return id_.has_value(); }

  // Reads up to `bytes_max` of what waits. False: there was less.
  bool read(std::size_t bytes_max, const Truth& truth) {
    while (bytes_max > 0) {
      Outbox& outbox = *hub_->collect(*id_, timestamp_ms);
      if (outbox.empty()) {
        return false;
      }
      const std::string_view frame =
          outbox.frames().front()->bytes().substr(outbox.sent_of_first());
      const std::string part(frame.substr(0, bytes_max));
      outbox.consume(part.size());
      bytes_max -= part.size();
      REQUIRE(session_.on_bytes(attempt_, part, now_));
      while (const auto message = session_.poll_message()) {
        use(*message, truth);
      }
    }
    return true;
  }

  // After everything has been read: nothing is missing, and the view is the truth.
  void check_at_end(EventId position, const Truth& truth) const {
    REQUIRE_FALSE(waits_for_snapshot_);
    REQUIRE(complete_to_);
    for (const Message& message : truth.messages) {
      REQUIRE_FALSE((message.id > *complete_to_ && message.id <= position && concerns(message)));
    }
    if (registration_id_) {
      check_view(truth.view(*registration_id_, view_start_, position));
    }
  }
  [[nodiscard]] std::size_t updates() const { return updates_; }
  [[nodiscard]] std::size_t resets() const { return session_.resets(); }

 private:
  [[nodiscard]] bool concerns(const Message& message) const {
    return message.update &&
           (!registration_id_ || message.update->registration_id == *registration_id_);
  }

  // What the session shows: the truth, and whether updates may have been missed. Before the first
  // update after a reset, when there is nothing new to show, what it has shown before.
  void check_view(RegistrationView expected) const {
    const RegistrationView* const view = session_.view(*registration_id_);
    REQUIRE((view != nullptr || expected.status.empty()));
    if (view == nullptr) {
      return;
    }
    REQUIRE(view->has_gap == has_gap_);
    if (is_behind_reset_) {
      REQUIRE(expected.status.empty());
      REQUIRE_FALSE(view->id);
      return;
    }
    expected.has_gap = has_gap_;
    REQUIRE(*view == expected);
  }

  void use(const SessionMessage& message, const Truth& truth) {
    REQUIRE(message.content != nullptr);
    const std::optional<EventId> id = parse_event_id(message.last_event_id);
    REQUIRE(id);
    REQUIRE((message.kind == MessageKind::connected) == is_first_);
    is_first_ = false;
    if (waits_for_snapshot_) {
      REQUIRE(message.kind == MessageKind::snapshot);
    }
    switch (message.kind) {
      case MessageKind::connected:
        use_connected(*id);
        break;
      case MessageKind::reset:
        use_reset(*id);
        break;
      case MessageKind::snapshot:
        use_snapshot(*message.content, *id, truth);
        break;
      case MessageKind::update:
        use_update(message.content->update, *id, truth);
        break;
      default:
        FAIL("an event of no known type");
    }
  }

  void use_connected(EventId id) {
    if (id == EventId{}) {
      complete_to_.reset();  // More has to follow before anything else.
    } else if (!complete_to_) {
      begin_after(id);  // The first time.
    } else {
      REQUIRE(id == *complete_to_);
    }
  }

  void use_reset(EventId id) {
    has_gap_ = true;
    is_behind_reset_ = true;
    if (id == EventId{}) {
      waits_for_snapshot_ = true;
      complete_to_.reset();
    } else {
      begin_after(id);
    }
  }

  // Nothing is known of what was before, but that it was not later.
  void begin_after(EventId id) {
    REQUIRE(id >= furthest_);
    furthest_ = id;
    complete_to_ = id;
    view_start_ = id;
  }

  void use_snapshot(const StreamMessage& message, EventId id, const Truth& truth) {
    REQUIRE_FALSE(complete_to_);
    waits_for_snapshot_ = false;
    has_gap_ = false;
    is_behind_reset_ = false;
    const auto decoded = decode_view(message.data);
    REQUIRE(std::holds_alternative<RegistrationView>(decoded));
    const auto& view = std::get<RegistrationView>(decoded);
    begin_after(id);
    check_view(view);
    // It was true when it was encoded, which may be some histories ago.
    const auto start = std::find_if(
        truth.starts.rbegin(), truth.starts.rend(),
        [&](const EventId& one) { return view == truth.view(*registration_id_, one, id); });
    REQUIRE(start != truth.starts.rend());
    view_start_ = *start;
  }

  void use_update(const UpdateSlices& slices, EventId id, const Truth& truth) {
    REQUIRE(complete_to_);
    REQUIRE(id > *complete_to_);
    // Whatever really came between concerned somebody else.
    const auto here = std::find_if(
        truth.messages.begin(), truth.messages.end(),
        [this](const Message& later) { return later.id > *complete_to_ && concerns(later); });
    REQUIRE(here != truth.messages.end());
    REQUIRE(here->id == id);
    REQUIRE(to_update(slices) == *here->update);
    is_behind_reset_ = false;
    complete_to_ = id;
    furthest_ = id;
    ++updates_;
  }

  std::optional<std::int64_t> registration_id_;
  StreamSession session_;
  AttemptId attempt_{};
  Instant now_{};  // When it connected.
  Hub* hub_ = nullptr;
  std::optional<SubscriptionId> id_;
  bool is_first_ = true;
  bool waits_for_snapshot_ = false;
  bool has_gap_ = false;          // A reset has come, and no snapshot since.
  bool is_behind_reset_ = false;  // A reset has come, and neither snapshot nor update since.
  /// It has had everything that concerns it, up to here.
  std::optional<EventId> complete_to_;
  EventId furthest_;    // It has been told of everything up to here, or that it missed some of it.
  EventId view_start_;  // The view is what the messages after this one say.
  std::size_t updates_ = 0;
};

struct Tally {
  std::size_t updates = 0;
  std::size_t resets = 0;
  HubCounters counters;

  void add(const HubCounters& more) {
    counters.resumed += more.resumed;
    counters.waited += more.waited;
    counters.overruns += more.overruns;
    counters.snapshots += more.snapshots;
    counters.duplicates += more.duplicates;
    counters.gaps += more.gaps;
    counters.malformed += more.malformed;
  }
};

// What a hub is told of the history.
struct Begin {
  EventId position;
};
struct Live {};
using Event = std::variant<Begin, Message, Live>;

// A hub that has been told the events up to one of them, and the question that it has asked.
class Follower {
 public:
  explicit Follower(const HubOptions& options) : hub(options) {}

  void follow(const std::vector<Event>& events, std::size_t count, Instant now) {
    for (; count > 0 && told_ < events.size(); --count) {
      const Event& event = events[told_++];
      if (const auto* const begin = std::get_if<Begin>(&event)) {
        hub.begin_history(begin->position);
      } else if (const auto* const message = std::get_if<Message>(&event)) {
        const std::string text = message->update ? encode_update(*message->update) : "{broken";
        const bool is_new = message->id > hub.journal().position();
        REQUIRE(hub.publish(message->id, text, now).has_value() == (is_new && !message->update));
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
      readers_.emplace_back(reader % 4 == 0 ? std::nullopt : std::optional(reader % 4));
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
        reader.connect(any_hub(), now_);
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
        events_.emplace_back(Message{.id = truth_.messages.back().id, .update = {}});  // Again.
      }
      return;
    }
    ++id.sequence;
    if (what == 1) {
      truth_.starts.push_back({.epoch = id.epoch, .sequence = id.sequence});
      ++id.sequence;  // A gap.
    }
    Message message{.id = id, .update = std::nullopt};
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
      reader.connect(any_hub(), now_);
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

}  // namespace

TEST_CASE("Readers that come, lag, are cut and resume receive all of it once, or are told") {
  Tally all;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    World world(seed);
    world.run(400);
    const Tally tally = world.finish();
    all.updates += tally.updates;
    all.resets += tally.resets;
    all.add(tally.counters);
  }
  // The worlds were not too calm to show anything.
  CHECK(all.updates > 50'000);
  CHECK(all.resets > 1'000);
  CHECK(all.counters.resumed > 1'000);
  CHECK(all.counters.waited > 300);
  CHECK(all.counters.overruns > 1'000);
  CHECK(all.counters.snapshots > 1'000);
  CHECK(all.counters.duplicates > 100);
  CHECK(all.counters.gaps > 100);
  CHECK(all.counters.malformed.total() > 1'000);
}
