#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/random.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/session/stream_session.hpp>

#include "hub_reading.hpp"
#include "hub_world.hpp"

// Readers of one registration, or of all, each with the session of a client.

using namespace regstream;
using namespace regstream::hub;

namespace {

std::vector<std::int64_t> followed(std::optional<std::int64_t> registration_id) {
  return registration_id ? std::vector{*registration_id} : std::vector<std::int64_t>{};
}

// A client with its session. Checks what it receives against what the contract promises.
class Reader {
 public:
  explicit Reader(std::int64_t index)
      : registration_id_(index % 4 == 0 ? std::nullopt : std::optional(index % 4)),
        session_({}, 1, followed(registration_id_)) {}

  void connect(Hub& hub, Instant now, Random& /*random*/) {
    is_first_ = true;
    waits_for_snapshot_ = false;
    hub_ = &hub;
    now_ = now;
    REQUIRE((session_.restart(now) || session_.connect(now)));
    while (const auto action = session_.poll_action()) {
      if (const auto* const open = std::get_if<OpenTransport>(&*action)) {
        attempt_ = open->attempt;
        id_ = hub.subscribe(follow(registration_id_, open->last_event_id), now, timestamp_ms);
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
    const Message* const missing = next(truth);
    REQUIRE((missing == nullptr || missing->id > position));
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

  // What it must receive next.
  [[nodiscard]] const Message* next(const Truth& truth) const {
    return truth.next(*complete_to_, [this](const Message& later) { return concerns(later); });
  }

  // Checks what the session shows: the truth, and whether updates may have been missed. Between a
  // reset and the first new update it still shows the old view.
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

  // Nothing is known about what came before, except that it was not later.
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
    // What really came between concerned others.
    const Message* const here = next(truth);
    REQUIRE(here != nullptr);
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
  bool has_gap_ = false;          // A reset came, and no snapshot since.
  bool is_behind_reset_ = false;  // A reset came, and neither snapshot nor update since.
  /// It has received everything that concerns it up to here.
  std::optional<EventId> complete_to_;
  EventId furthest_;    // It has received everything up to here, or a reset for what it missed.
  EventId view_start_;  // The view is made of the messages after this one.
  std::size_t updates_ = 0;
};

}  // namespace

TEST_CASE("Readers that lag or are cut and resume receive everything once or a reset") {
  Tally all;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    World<Reader> world(seed);
    world.run(400);
    const Tally tally = world.finish();
    all.updates += tally.updates;
    all.resets += tally.resets;
    all.add(tally.counters);
  }
  // The worlds were lively enough to show something.
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
