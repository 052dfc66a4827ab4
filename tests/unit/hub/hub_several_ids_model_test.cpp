#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/random.hpp>
#include <regstream/registration/registration.hpp>

#include "hub_event_reader.hpp"
#include "hub_world.hpp"

// Readers of several ids, which change at each visit.

using namespace regstream;
using namespace regstream::hub;

namespace {

// One more than there are: the last never has a message.
constexpr std::int64_t last_id = registrations + 1;

// A page: what it follows, what it knows, and what the contract promises it.
class Page {
 public:
  explicit Page(std::int64_t /*index*/) {}

  void connect(Hub& hub, Instant now, Random& random) {
    change_ids(random);
    SubscriptionRequest request{.ids = {ids_.begin(), ids_.end()},
                                .cursor = cursor_,
                                .snapshots = {unknown_.begin(), unknown_.end()}};
    if (complete_to_) {
      for (const std::int64_t id : unknown_) {
        view_starts_[id] = *complete_to_;
      }
    }
    named_ = unknown_;
    is_first_ = true;
    begin_telling();
    reader_.connect(hub, request, now);
  }
  void disconnect() { reader_.disconnect(); }
  [[nodiscard]] bool is_connected() const { return reader_.is_connected(); }

  bool read(std::size_t bytes_max, const Truth& truth) {
    return reader_.read(bytes_max, [&](const sse::Event& event) { use(event, truth); });
  }

  // After everything has been read: nothing is missing, and each view is the truth.
  void check_at_end(EventId position, const Truth& truth) const {
    REQUIRE(complete_to_);
    const Message* const missing = next(truth);
    REQUIRE((missing == nullptr || missing->id > position));
    for (const std::int64_t id : ids_) {
      const auto start = view_starts_.find(id);
      REQUIRE(start != view_starts_.end());
      const RegistrationView expected = truth.view(id, start->second, position);
      if (const auto known = known_.find(id); known != known_.end()) {
        REQUIRE(known->second.view() == expected);
      } else {
        REQUIRE(expected.status.empty());
      }
    }
  }
  [[nodiscard]] std::size_t updates() const { return updates_; }
  [[nodiscard]] std::size_t resets() const { return resets_; }

 private:
  void change_ids(Random& random) {
    for (std::int64_t id = 1; id <= last_id; ++id) {
      if (random.up_to(2) != 0) {
        continue;
      }
      known_.erase(id);
      view_starts_.erase(id);
      if (ids_.erase(id) == 0) {
        ids_.insert(id);
        unknown_.insert(id);
      } else {
        unknown_.erase(id);
      }
    }
    if (ids_.empty()) {
      ids_.insert(1);
      unknown_.insert(1);
    }
  }

  // What a stream sends first: where it resumes, and snapshots.
  void begin_telling() {
    covered_to_.clear();
    may_get_snapshots_ = true;
  }

  // Whether the stream must deliver this message, which comes after everything that it delivered.
  [[nodiscard]] bool is_due(const Message& message) const {
    if (!message.update || !ids_.contains(message.update->registration_id)) {
      return false;
    }
    const auto covered = covered_to_.find(message.update->registration_id);
    return covered == covered_to_.end() || message.id > covered->second;
  }

  // What the stream must deliver next.
  [[nodiscard]] const Message* next(const Truth& truth) const {
    return truth.next(*complete_to_, [this](const Message& later) { return is_due(later); });
  }

  void use(const sse::Event& event, const Truth& truth) {
    const auto decoded = decode_stream_message(event.data);
    REQUIRE(std::holds_alternative<StreamMessage>(decoded));
    const auto& message = std::get<StreamMessage>(decoded);
    const std::optional<EventId> id = parse_event_id(event.last_event_id);
    REQUIRE(id);
    REQUIRE((message.type == StreamMessageType::connected) == is_first_);
    is_first_ = false;
    switch (message.type) {
      case StreamMessageType::connected:
        use_connected(*id);
        break;
      case StreamMessageType::reset:
        use_reset(*id);
        break;
      case StreamMessageType::snapshot:
        use_snapshot(message, *id, truth);
        break;
      case StreamMessageType::update:
        use_update(to_update(message.update), *id, truth);
        break;
      default:
        FAIL("an event of no known type");
    }
    cursor_ = event.last_event_id;
  }

  void use_connected(EventId id) {
    if (id == EventId{}) {
      complete_to_.reset();
    } else if (cursor_.empty()) {
      begin_after(id);
    } else {
      REQUIRE(id == complete_to_);
    }
  }

  void use_reset(EventId id) {
    ++resets_;
    known_.clear();
    begin_telling();
    if (id == EventId{}) {
      complete_to_.reset();
    } else {
      begin_after(id);
    }
  }

  // Without a snapshot, nothing is known about an id's past.
  void begin_after(EventId id) {
    REQUIRE(id >= furthest_);
    furthest_ = id;
    complete_to_ = id;
    for (const std::int64_t one : ids_) {
      if (!covered_to_.contains(one)) {
        view_starts_[one] = id;
      }
    }
    unknown_.clear();
  }

  void use_snapshot(const StreamMessage& message, EventId id, const Truth& truth) {
    const SnapshotRead snapshot(message.data, truth);
    const std::int64_t owner = snapshot.view.registration_id;
    REQUIRE(may_get_snapshots_);
    REQUIRE(ids_.contains(owner));
    REQUIRE_FALSE(covered_to_.contains(owner));
    covered_to_[owner] = *snapshot.view.id;
    view_starts_[owner] = snapshot.start;
    unknown_.erase(owner);
    known_.erase(owner);
    known_.emplace(owner, owner).first->second.apply_snapshot(snapshot.view);
    if (complete_to_) {
      REQUIRE(id == *complete_to_);
      REQUIRE(named_.contains(owner));
      ++added_;
    } else if (id != EventId{}) {
      begin_after(id);
      may_get_snapshots_ = false;
    }
  }

  void use_update(const Update& update, EventId id, const Truth& truth) {
    REQUIRE(complete_to_);
    const Message* const due = next(truth);
    REQUIRE(due != nullptr);
    REQUIRE(due->id == id);
    REQUIRE(update == *due->update);
    may_get_snapshots_ = false;
    complete_to_ = id;
    furthest_ = id;
    unknown_.erase(update.registration_id);
    known_.emplace(update.registration_id, update.registration_id).first->second.apply(update);
    ++updates_;
  }

  EventReader reader_;
  std::set<std::int64_t> ids_;
  std::set<std::int64_t>
      unknown_;                   // Of these, those whose snapshot or first update has yet to come,
  std::set<std::int64_t> named_;  // and those that were so when it connected.
  std::string cursor_;
  std::map<std::int64_t, Registration> known_;
  std::map<std::int64_t, EventId> view_starts_;  // A view is what the messages after this say.
  std::map<std::int64_t, EventId> covered_to_;   // What this stream's snapshots have told.
  // It has had everything that concerns it up to here, but for what is still unknown.
  std::optional<EventId> complete_to_;
  EventId furthest_;
  bool is_first_ = true;
  bool may_get_snapshots_ = true;
  std::size_t updates_ = 0;
  std::size_t resets_ = 0;
  std::size_t added_ = 0;
};

}  // namespace

TEST_CASE("Readers of several changing ids receive everything once or a reset") {
  Tally all;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    World<Page> world(seed);
    world.run(400);
    const Tally tally = world.finish();
    all.updates += tally.updates;
    all.resets += tally.resets;
    all.add(tally.counters);
  }
  CHECK(all.updates > 30'000);
  CHECK(all.resets > 1'000);
  CHECK(all.counters.resumed > 1'000);
  CHECK(all.counters.overruns > 1'000);
  CHECK(all.counters.snapshots > 5'000);
}
