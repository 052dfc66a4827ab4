// The simulated Redis does what scripts/history does in a real one. Both get the same random
// sequences of calls, and every answer and every message on the channels is compared. The limit of
// bytes and expired keys are not compared.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include <regstream/random.hpp>

#include "broker/history_call.hpp"
#include "history_reply_text.hpp"
#include "redis_program.hpp"
#include "redis_server.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/simulated_redis.hpp"
#include "simulation/world.hpp"

namespace {

using namespace regstream::broker;  // NOLINT: every command and reply.
using regstream::EventId;
using regstream::Random;
using regstream::simulation::FaultPlan;
using regstream::simulation::SimulatedRedis;
using regstream::simulation::World;
using regstream::test::names;
using regstream::test::OtherProgram;
using regstream::test::RedisData;
using regstream::test::RedisServer;
using regstream::test::shown;
using Texts = std::vector<std::string>;

constexpr int sequences_count = 10'000;
constexpr int restarts_count = 25;
constexpr int calls_max = 14;
constexpr std::size_t history_length = 5;

/// An epoch is the time at which it began, or one more than the greatest known. Callers here know
/// one of a future year, so that both servers choose the same epochs.
constexpr std::uint64_t future = 4'000'000'000'000;

/// Operations on the server itself.
struct Flush {};
struct RefuseWrites {
  bool refuses;
};
using Step = std::variant<ScriptCall, AwaitHistory, Flush, RefuseWrites>;

/// The call as text, for the report of a difference.
std::string shown(const ScriptCall& call) {
  std::string text;
  for (const std::string& word : HistoryCalls{names, {}}.words(call)) {
    text += word.size() > 200 ? "" : word + ' ';
  }
  return text;
}

class Simulated {
 public:
  explicit Simulated(RedisData data) : plan_(plan(data)) { subscribe(); }

  HistoryReply answer(const HistoryCommand& command) { return redis_.answer(command); }
  void flush() { redis_.flush(); }
  void refuse_writes(bool refuses) { redis_.refuse_writes(refuses); }
  void restart() {
    redis_.go_down();
    if (!plan_.is_redis_durable) {
      redis_.flush();
    }
    redis_.refuse_writes(false);
    redis_.come_up();
    subscribe();
  }
  /// What was heard on the channels since this was asked last.
  Texts heard() { return std::exchange(heard_, {}); }
  [[nodiscard]] EventId end() const { return redis_.end(); }

 private:
  void subscribe() {
    redis_.subscribe([this](const std::string& message) { heard_.push_back(message); });
  }
  static FaultPlan plan(RedisData data) {
    FaultPlan plan;
    plan.is_redis_durable = data == RedisData::kept;
    plan.history_length_max = history_length;
    return plan;
  }
  World world_{1, 0};
  const FaultPlan plan_;
  Texts heard_;
  SimulatedRedis redis_{world_, nullptr, plan_, std::nullopt};
};

/// Makes up the callers' calls.
class Callers {
 public:
  explicit Callers(std::uint64_t seed) : random_(seed) {}

  Step step(const Simulated& redis) {
    const auto kind = random_.up_to(99);
    if (kind < 3) {
      met_ = 0;  // The next caller knows a greater id than there is.
      return Flush{};
    }
    if (kind < 8) {
      refuses_ = !refuses_;
      return RefuseWrites{refuses_};
    }
    const EventId end = redis.end();
    if (kind < 15 && end.sequence > 0 && !refuses_) {
      return AwaitHistory{{end.epoch, random_.up_to(end.sequence - 1)}};
    }
    ScriptCall call{.mode = mode(end), .known = {future, 0}, .is_durable = durability()};
    if (end.epoch > 0 && met_ > 0) {
      // No id, an existing one, or a lost one.
      const std::array<EventId, 5> known{EventId{}, end, EventId{end.epoch, end.sequence / 2},
                                         EventId{end.epoch - 1, 3},
                                         EventId{end.epoch, end.sequence + 1}};
      call.known = known[random_.up_to(random_.up_to(9) == 0 ? 4 : 3)];
    }
    ++met_;
    return call;
  }
  /// The server was started again.
  void restart(RedisData data) {
    refuses_ = false;
    met_ = data == RedisData::kept ? met_ : 0;
  }

 private:
  ScriptMode mode(EventId end) {
    switch (random_.up_to(11)) {
      case 0:
        return OpenHistory{};
      case 1:
        return RecordLoss{};
      case 2:
        return ProbePublishing{};
      case 3:
      case 4:
      case 5:
        return ReadHistory{.from = random_.up_to(3) == 0 ? std::nullopt : std::optional{place(end)},
                           .bytes_max = random_.up_to(2'000)};
      case 6:
      case 7:
      case 8: {
        Adopt adopt{.cursor = place(end), .offers = {}};
        for (auto offers = 1 + random_.up_to(2); offers > 0; --offers) {
          adopt.offers.push_back({text(), 1 + random_.up_to(2)});
        }
        return adopt;
      }
      default:
        return batch();
    }
  }
  std::optional<bool> durability() {
    const auto choice = random_.up_to(5);
    return choice == 0 ? std::optional{true} : choice == 1 ? std::optional{false} : std::nullopt;
  }
  /// In this history, before or after it, or in another one.
  EventId place(EventId end) {
    const std::uint64_t epoch = end.epoch > 0 && random_.up_to(5) == 0 ? end.epoch - 1 : end.epoch;
    return {epoch, random_.up_to(end.sequence + 1)};
  }
  std::string key() { return std::to_string(random_.up_to(3)); }
  /// Mostly the next one of its publisher, or the one before it again.
  PublishBatch batch() {
    const std::string publisher = std::to_string(random_.up_to(1));
    PublishBatch& last = last_[publisher];
    const auto kind = random_.up_to(9);
    if (kind < 2 && !last.updates.empty()) {
      return last;
    }
    PublishBatch next{.publisher = publisher,
                      .first = last.first + last.updates.size() + (kind < 4 ? random_.up_to(2) : 0),
                      .is_first_in_line = random_.up_to(1) == 0,
                      .updates = {}};
    if (kind == 4) {
      next.first = 1 + random_.up_to(last.first);
    }
    for (auto count = 1 + random_.up_to(random_.up_to(1) * 3); count > 0; --count) {
      next.updates.push_back({.message = text(), .key = random_.up_to(2) == 0 ? key() : ""});
    }
    if (kind != 4) {
      last = next;
    }
    return next;
  }
  std::string text() {
    static const Texts texts{R"({"registrationId":1,"status":"PENDING"})",
                             R"({"registrationId":2,"status":"PENDING"})",
                             R"({"registrationId":1,"status":"APPROVED","id":"1000-7"})",
                             " \t{\"a\" : 1 }\r\n",
                             "\xEF\xBB\xBF{\"a\" : 1 }",
                             "{}",
                             "{ }",
                             R"({"a":1,})",
                             "no object",
                             "{",
                             ""};
    return texts[random_.up_to(random_.up_to(2) == 0 ? texts.size() - 1 : 1)];
  }

  Random random_;
  std::map<std::string, PublishBatch> last_;  // Of each publisher.
  bool refuses_ = false;
  int met_ = 0;  // Calls since the history was emptied.
};

Command words_of(const HistoryCalls& calls, const Step& step) {
  if (const auto* const call = std::get_if<ScriptCall>(&step)) {
    return calls.words(*call);
  }
  if (const auto* const await = std::get_if<AwaitHistory>(&step)) {
    return calls.words(*await);
  }
  if (const auto* const refuse = std::get_if<RefuseWrites>(&step)) {
    return {"CONFIG", "SET", "maxmemory", refuse->refuses ? "1" : "0"};
  }
  return {"FLUSHALL"};
}

/// A step, and what the simulated server answered. No step: both were started again.
struct Taken {
  std::optional<Step> step;
  std::string answer;
};

/// The steps so far, for the report of a difference.
std::string shown(const std::vector<Taken>& before, std::size_t count) {
  std::string text;
  for (std::size_t index = 0; index < count; ++index) {
    const auto& [step, answer] = before[index];
    if (!step) {
      text += "restart\n";
    } else if (std::holds_alternative<Flush>(*step)) {
      text += "flush\n";
    } else if (std::holds_alternative<RefuseWrites>(*step)) {
      text += "refuse or take\n";
    } else {
      const auto* const call = std::get_if<ScriptCall>(&*step);
      text += (call != nullptr ? shown(*call) : "await") + " -> " + answer + '\n';
    }
  }
  return text;
}

/// A real server, its callers, and its listeners.
class Real {
 public:
  explicit Real(RedisData data) : server_(std::string{}, data) { connect(); }

  void flush() {
    send(RefuseWrites{false});
    send(Flush{});
    read();
    read();
  }
  void restart() {
    server_.kill();
    server_.start();
    connect();
  }
  /// Answers all at once.
  void send(const Step& step) { program_->send(words_of(calls_, step)); }
  Reply read() { return program_->read(); }
  /// As `Simulated::heard`.
  Texts heard() {
    const std::string end = "end";
    program_->publish(end);
    Texts heard;
    for (std::string message = listener_->hear(); message != end; message = listener_->hear()) {
      heard.push_back(std::move(message));
    }
    return heard;
  }

 private:
  void connect() {
    program_.emplace(server_);
    listener_.emplace(server_);
    listener_->subscribe();
    listener_->subscribe(names.adopted_channel());
    const Reply digest = program_->command(HistoryCalls::words(LoadScript{}));
    calls_.use_digest(std::string{reply_text(*digest)});
  }

  RedisServer server_;
  HistoryCalls calls_{names, {.length_max = history_length}};
  std::optional<OtherProgram> program_;
  std::optional<OtherProgram> listener_;
};

/// Runs some steps on both, adds them to `before`, and returns the difference.
void compare(Simulated& simulated, Real& real, Callers& callers, std::vector<Taken>& before,
             std::size_t& answers) {
  const std::size_t first = before.size();
  for (int step = 0; step < calls_max; ++step) {
    Step next = callers.step(simulated);
    std::string answer;
    if (auto* const call = std::get_if<ScriptCall>(&next)) {
      answer = shown(simulated.answer(*call));
      call->names_script = true;
    } else if (const auto* const await = std::get_if<AwaitHistory>(&next)) {
      answer = shown(simulated.answer(*await));
    } else if (const auto* const refuse = std::get_if<RefuseWrites>(&next)) {
      simulated.refuse_writes(refuse->refuses);
    } else {
      simulated.flush();
    }
    real.send(next);
    before.push_back({std::move(next), std::move(answer)});
  }
  for (std::size_t index = first; index < before.size(); ++index) {
    const auto& [step, answer] = before[index];
    const Reply reply = real.read();
    const auto* const call = std::get_if<ScriptCall>(&*step);
    if (call == nullptr && !std::holds_alternative<AwaitHistory>(*step)) {
      continue;
    }
    const Question question = call != nullptr ? question_of(*call) : Question::entries;
    const std::string real_answer = shown(read_reply(question, *reply, RedisOptions{}));
    ++answers;
    if (real_answer != answer) {
      INFO(shown(before, index + 1));
      REQUIRE(real_answer == answer);
    }
  }
  const Texts heard = simulated.heard();
  const Texts really_heard = real.heard();
  if (really_heard != heard) {
    INFO(shown(before, before.size()));
    REQUIRE(really_heard == heard);
  }
}

}  // namespace

TEST_CASE("the simulated Redis answers 10 000 random sequences of calls as the script does") {
  Real real{RedisData::lost};
  std::size_t answers = 0;
  for (std::uint64_t seed = 0; seed < sequences_count; ++seed) {
    CAPTURE(seed);
    Simulated simulated{RedisData::lost};
    Callers callers{seed};
    std::vector<Taken> before;
    real.flush();
    compare(simulated, real, callers, before, answers);
  }
  CHECK(answers > 100'000);
}

TEST_CASE("the simulated Redis is started again as a real one is with what it has kept or none") {
  const RedisData data = GENERATE(RedisData::kept, RedisData::lost);
  Real real{data};
  std::size_t answers = 0;
  for (std::uint64_t seed = 0; seed < restarts_count; ++seed) {
    CAPTURE(seed);
    Simulated simulated{data};
    Callers callers{sequences_count + seed};
    std::vector<Taken> before;
    real.flush();
    for (int start = 0; start < 2; ++start) {
      compare(simulated, real, callers, before, answers);
      real.restart();
      simulated.restart();
      callers.restart(data);
      before.push_back({});
    }
    compare(simulated, real, callers, before, answers);
  }
  CHECK(answers > 500);
}
