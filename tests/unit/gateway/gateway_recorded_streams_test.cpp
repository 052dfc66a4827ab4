/// Runs the given flows through the production parts, with fixed clocks, and compares the bytes
/// with the recorded ones (tests/vectors/recorded_streams/README.md).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <regstream/message/codec.hpp>
#include <regstream/publisher/update_message.hpp>
#include <regstream/registration/registration.hpp>

#include "broker/history/adoption.hpp"
#include "gateway/published_body.hpp"
#include "hub/stream_pump.hpp"
#include "simulation/simulated_redis.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

// Members keep their order.
using Json = nlohmann::ordered_json;

const std::string folder = REGSTREAM_VECTORS "/recorded_streams/";
constexpr std::int64_t first_timestamp_ms = 1'702'493'000'000;
constexpr std::int64_t step_ms = 100;
constexpr EventId first_position{.epoch = 1'702'492'000'000, .sequence = 0};

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// What a stream was sent so far.
struct Recorded {
  std::string name;
  std::string bytes;
};

/// Sockets that accept and record everything.
struct Sockets {
  std::map<std::uint32_t, std::size_t> by_slot;
  std::vector<Recorded> streams;

  Written write(SubscriptionId id, Outbox& outbox) {
    std::size_t skip = outbox.sent_of_first();
    for (const FramePtr& frame : outbox.frames()) {
      streams.at(by_slot.at(id.slot)).bytes +=
          outbox.wire_bytes(*frame).substr(std::exchange(skip, 0));
    }
    outbox.consume(outbox.bytes_waiting());
    return Written::everything;
  }
  void write_later(SubscriptionId /*id*/) {}
  void close(SubscriptionId id, StreamEnd /*end*/, std::string_view error) {
    streams.at(by_slot.at(id.slot)).bytes += "# closed " + std::string{error} + "\n";
  }
};

StageStatus stage_status(const std::string& word) {
  for (const auto status :
       {StageStatus::started, StageStatus::completed, StageStatus::failed, StageStatus::skipped}) {
    if (to_string(status) == word) {
      return status;
    }
  }
  throw std::runtime_error("a flow names the stage status " + word);
}

std::string text_of(const Json& step, const char* member) {
  return step.contains(member) ? step.at(member).dump() : std::string{};
}

/// One flow, performed by a pump whose streams all have one framing.
class Flow {
 public:
  Flow(const Json& flow, Framing framing) : framing_(framing), pump_(options_of(flow)) {
    pump_.on_history(position_);
    if (flow.value("isWhole", true)) {
      pump_.on_live(moment());
    }
    perform();
    for (const Json& step : flow.at("steps")) {
      wait(step_ms);
      perform(step);
    }
  }

  [[nodiscard]] const std::vector<std::string>& messages() const { return messages_; }
  [[nodiscard]] const std::vector<Recorded>& streams() const { return sockets_.streams; }
  [[nodiscard]] std::int64_t timestamp_ms() const { return first_timestamp_ms + now_ms_; }

 private:
  static StreamPumpOptions options_of(const Json& flow) {
    StreamPumpOptions options;
    options.seed = 7;
    options.hub.journal.count_max = flow.value("journal", options.hub.journal.count_max);
    return options;
  }
  [[nodiscard]] Moment moment() const {
    return {.now = Instant{Duration{now_ms_}}, .timestamp_ms = timestamp_ms()};
  }

  void perform(const Json& step) {
    if (step.contains("open")) {
      open(step);
    } else if (step.contains("close")) {
      pump_.on_peer_closed(open_.at(step.at("close").get<std::string>()));
    } else if (step.contains("wait")) {
      wait(step.at("wait").get<std::int64_t>());
    } else if (step.contains("late")) {
      now_ms_ += step.at("late").get<std::int64_t>();
    } else if (step.contains("history")) {
      position_ = parse_event_id(step.at("history").get<std::string>()).value();
      pump_.on_history(position_);
    } else if (step.contains("live")) {
      pump_.on_live(moment());
    } else if (step.contains("caughtUp")) {
      REQUIRE(std::exchange(wants_catch_up_, false));
      pump_.on_caught_up(moment());
    } else if (step.contains("drain")) {
      pump_.drain(Duration::zero(), moment());
    } else {
      publish(message_of(step));
    }
    perform();
  }

  void open(const Json& step) {
    SubscriptionRequest request{.cursor = step.value("cursor", ""), .framing = framing_};
    if (step.contains("registrationId")) {
      request.ids = {step.at("registrationId").get<std::int64_t>()};
    }
    const auto id = pump_.open(request, moment());
    const auto name = step.at("open").get<std::string>();
    sockets_.by_slot[id.slot] = sockets_.streams.size();
    sockets_.streams.push_back({.name = name, .bytes = {}});
    open_[name] = id;
  }

  [[nodiscard]] std::string message_of(const Json& step) const {
    if (step.contains("stage")) {
      const Json& stage = step.at("stage");
      return make_stage_update(stage.at(0), stage.at(1).get<std::string>(),
                               stage_status(stage.at(2)), stage.at(3).get<std::string>(),
                               timestamp_ms());
    }
    if (step.contains("final")) {
      const Json& final = step.at("final");
      return make_final_status(final.at(0), parse_status(final.at(1).get<std::string>()),
                               final.at(2).get<std::string>(), text_of(step, "details"),
                               text_of(step, "processLog"), timestamp_ms());
    }
    if (step.contains("update")) {
      const Json& update = step.at("update");
      return std::get<std::string>(gateway::read_published_body(
          update.dump(), registration_workflow(), update.at("registrationId").get<std::int64_t>(),
          timestamp_ms()));
    }
    return step.at("bare").get<std::string>();
  }

  /// Enters the history as Redis' script would write it.
  void publish(const std::string& message) {
    messages_.push_back(message);
    ++position_.sequence;
    static_cast<void>(pump_.on_message(
        position_, simulation::stamped(broker::trimmed_json(message), position_), moment()));
  }

  /// Carries out the pump's actions until there are none.
  void perform() {
    while (const auto action = pump_.poll()) {
      if (std::holds_alternative<ScheduleFlush>(*action)) {
        pump_.on_flush_due();
      } else if (std::holds_alternative<Flush>(*action)) {
        pump_.flush(moment(), sockets_);
      } else if (const auto* const set = std::get_if<SetDeadline>(&*action)) {
        deadline_ms_ = set->deadline.time_since_epoch().count();
      } else if (std::holds_alternative<CatchUp>(*action)) {
        wants_catch_up_ = true;
      }
    }
  }

  void wait(std::int64_t span_ms) {
    const std::int64_t end_ms = now_ms_ + span_ms;
    while (deadline_ms_ && *deadline_ms_ <= end_ms) {
      now_ms_ = std::max(now_ms_, *std::exchange(deadline_ms_, std::nullopt));
      pump_.on_deadline(moment());
      perform();
    }
    now_ms_ = end_ms;
  }

  Framing framing_;
  StreamPump pump_;
  Sockets sockets_;
  EventId position_ = first_position;
  std::int64_t now_ms_ = 0;
  std::optional<std::int64_t> deadline_ms_;
  bool wants_catch_up_ = false;
  std::map<std::string, SubscriptionId> open_;
  std::vector<std::string> messages_;
};

/// What a client of the whole flow knows about each registration, and what a snapshot says.
std::string views_after(const Flow& flow) {
  std::map<std::int64_t, Registration> registrations;
  for (const std::string& message : flow.messages()) {
    const auto decoded = decode_update(broker::trimmed_json(message));
    if (const auto* const update = std::get_if<Update>(&decoded)) {
      const std::int64_t id = update->registration_id;
      registrations.try_emplace(id, id).first->second.apply(*update);
    }
  }
  std::string text;
  for (const auto& [id, registration] : registrations) {
    text += "# view\n" + encode_view(registration.view()) + "\n# snapshot\n" +
            encode_snapshot(registration.view(), flow.timestamp_ms()) + '\n';
  }
  return text;
}

std::string record(const Json& description) {
  const Flow bare{description, Framing::bare};
  const Flow chunked{description, Framing::chunked};
  std::string text = "# messages\n";
  for (const std::string& message : bare.messages()) {
    text += message + '\n';
  }
  text += views_after(bare);
  for (std::size_t index = 0; index < bare.streams().size(); ++index) {
    const Recorded& stream = bare.streams()[index];
    text += "# stream " + stream.name + "\n" + stream.bytes;
    text += "# stream " + stream.name + ", chunked\n" + chunked.streams().at(index).bytes;
  }
  return text;
}

}  // namespace

TEST_CASE("The given flows send the recorded bytes") {
  const bool is_recording = std::getenv("REGSTREAM_RECORD_STREAMS") != nullptr;
  const Json flows = Json::parse(read_file(folder + "flows.json"));
  std::set<std::string> names;
  for (const Json& flow : flows) {
    const auto name = flow.at("name").get<std::string>();
    INFO(name);
    CHECK(names.insert(name).second);
    const std::string path = folder + name + ".txt";
    const std::string now = record(flow);
    if (is_recording) {
      std::ofstream{path, std::ios::binary} << now;
    }
    CHECK(now == read_file(path));
  }
  CHECK(names.size() == 14);
}
