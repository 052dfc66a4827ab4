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

#include "hub/cursor.hpp"
#include "hub_event_reader.hpp"
#include "hub_world.hpp"

// Readers that wait for one id's final update: none ends too early, and each ends.

using namespace regstream;
using namespace regstream::hub;

namespace {

class Waiting {
 public:
  explicit Waiting(std::int64_t index) : id_(1 + index % registrations), known_(id_) {}

  void connect(Hub& hub, Instant now, Random& /*random*/) {
    if (is_end_cursor(cursor_)) {
      // The gateway would answer 204. It waits for the next run.
      cursor_.clear();
      complete_to_.reset();
      forget();
    }
    has_ended_ = false;
    is_first_ = true;
    reader_.connect(hub, {.ids = {id_}, .cursor = cursor_, .until_final = true}, now);
  }
  void disconnect() { reader_.disconnect(); }
  [[nodiscard]] bool is_connected() const { return reader_.is_connected(); }

  bool read(std::size_t bytes_max, const Truth& truth) {
    return reader_.read(bytes_max, [&](const sse::Event& event) { use(event, truth); });
  }

  void check_at_end(EventId position, const Truth& truth) const {
    REQUIRE(reader_.is_finished() == has_ended_);
    if (has_ended_) {
      return;
    }
    REQUIRE_FALSE(known_.view().is_final);
    REQUIRE(complete_to_);
    const Message* const missing = next(truth);
    REQUIRE((missing == nullptr || missing->id > position));
    REQUIRE(known_.view() == truth.view(id_, view_start_, position));
  }
  [[nodiscard]] std::size_t updates() const { return updates_; }
  [[nodiscard]] std::size_t resets() const { return resets_; }

 private:
  [[nodiscard]] bool concerns(const Message& message) const {
    return message.update && message.update->registration_id == id_;
  }

  // What it must receive next.
  [[nodiscard]] const Message* next(const Truth& truth) const {
    return truth.next(*complete_to_, [this](const Message& later) { return concerns(later); });
  }

  void use(const sse::Event& event, const Truth& truth) {
    const auto decoded = decode_stream_message(event.data);
    REQUIRE(std::holds_alternative<StreamMessage>(decoded));
    const auto& message = std::get<StreamMessage>(decoded);
    REQUIRE_FALSE(has_ended_);
    REQUIRE((message.type == StreamMessageType::connected) == is_first_);
    is_first_ = false;
    // After the final update and after a final snapshot comes the end, unless a reset does.
    const bool is_end = event.last_event_id.ends_with(end_suffix);
    const bool is_told_anew =
        message.type == StreamMessageType::connected || message.type == StreamMessageType::reset;
    REQUIRE((!known_.view().is_final || is_end || is_told_anew));
    if (is_end) {
      use_end(event, truth);
      return;
    }
    const EventId id = parse_event_id(event.last_event_id).value();
    switch (message.type) {
      case StreamMessageType::connected:
        if (id == EventId{}) {
          complete_to_.reset();
        } else if (cursor_.empty()) {
          begin_after(id);
        } else {
          REQUIRE(id == complete_to_);
        }
        break;
      case StreamMessageType::reset:
        ++resets_;
        forget();
        if (id == EventId{}) {
          complete_to_.reset();
        } else {
          begin_after(id);
        }
        break;
      case StreamMessageType::snapshot: {
        const SnapshotRead snapshot(message.data, truth);
        REQUIRE_FALSE(complete_to_);
        forget();
        known_.apply_snapshot(snapshot.view);
        begin_after(id);
        view_start_ = snapshot.start;
        break;
      }
      default:
        REQUIRE(message.type == StreamMessageType::update);
        use_update(to_update(message.update), id, truth);
    }
    cursor_ = event.last_event_id;
    has_news_ = message.type == StreamMessageType::update;
  }

  void use_update(const Update& update, EventId id, const Truth& truth) {
    REQUIRE(complete_to_);
    const Message* const here = next(truth);
    REQUIRE(here != nullptr);
    REQUIRE(here->id == id);
    complete_to_ = id;
    known_.apply(update);
    ++updates_;
  }

  // The end is of the last final update until where the reader stands, and the id is final there.
  void use_end(const sse::Event& event, const Truth& truth) {
    REQUIRE(complete_to_);
    std::optional<EventId> final_update;
    for (const Message& message : truth.messages) {
      if (message.id <= *complete_to_ && concerns(message) &&
          ends_validation(*message.update, registration_workflow())) {
        final_update = message.id;
      }
    }
    REQUIRE(final_update);
    REQUIRE(event.last_event_id == end_cursor(*final_update));
    REQUIRE((!has_news_ || final_update == complete_to_));
    REQUIRE(std::any_of(truth.starts.begin(), truth.starts.end(), [&](const EventId& start) {
      return truth.view(id_, start, *complete_to_).is_final;
    }));
    cursor_ = event.last_event_id;
    has_ended_ = true;
    REQUIRE(reader_.is_finished());
  }

  void begin_after(EventId id) {
    complete_to_ = id;
    view_start_ = id;
  }
  void forget() { known_ = Registration(id_); }

  std::int64_t id_;
  EventReader reader_;
  std::string cursor_;
  Registration known_;
  std::optional<EventId> complete_to_;
  EventId view_start_;
  bool is_first_ = true;
  bool has_ended_ = false;
  bool has_news_ = false;  // The last event was an update.
  std::size_t updates_ = 0;
  std::size_t resets_ = 0;
};

}  // namespace

TEST_CASE("Readers until the final update end with it however often they are cut off") {
  Tally all;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    World<Waiting> world(seed);
    world.run(400);
    const Tally tally = world.finish();
    all.updates += tally.updates;
    all.resets += tally.resets;
    all.add(tally.counters);
  }
  CHECK(all.updates > 1'000);
  CHECK(all.resets > 1'000);
  CHECK(all.counters.resumed > 200);
  CHECK(all.counters.ended > 1'000);
}
