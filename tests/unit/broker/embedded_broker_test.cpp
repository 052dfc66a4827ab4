#include "broker/embedded_broker.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include "broker/embedded_journal.hpp"
#include "broker/history/readiness.hpp"
#include "captured_log.hpp"
#include "run_until.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using regstream::Duration;
using regstream::EventId;
using regstream::to_string;
using regstream::broker::EmbeddedBroker;
using regstream::broker::EmbeddedBrokerOptions;
using regstream::broker::JournalFile;
using regstream::broker::PublishError;
using regstream::broker::PublishResult;
using regstream::broker::Readiness;
using regstream::test::CapturedLog;
using regstream::test::run_until;
using regstream::test::TemporaryFolder;
using Lines = std::vector<std::string>;

constexpr std::int64_t start_timestamp_ms = 1'702'493'000'000;

/// Records each event as a line.
class Listener final : public regstream::broker::Subscriber {
 public:
  void on_history(EventId position) override { log.push_back("history " + to_string(position)); }
  void on_message(EventId id, std::string_view message) override {
    log.push_back(to_string(id) + " " + std::string{message});
    if (on_each) {
      on_each();
    }
  }
  void on_live() override { log.emplace_back("live"); }
  void on_caught_up() override { log.emplace_back("caught up"); }

  Lines log;
  std::function<void()> on_each;
};

std::string describe(const PublishResult& result) {
  if (const auto* const error = std::get_if<PublishError>(&result)) {
    return error->what;
  }
  return to_string(std::get<EventId>(result));
}

/// A broker on a loop that the test turns, with a clock and a boot that the test sets.
struct Bench {
  explicit Bench(fs::path journal_path = {}) : journal(std::move(journal_path)) {}

  void start() {
    options.now_timestamp_ms = [this] { return now_timestamp_ms; };
    if (!journal.empty()) {
      options.journal = std::make_shared<JournalFile>(journal, boot_id);
    }
    listener.log.clear();
    broker.emplace(context, options);
    broker->subscribe(listener);
    run();
  }
  void stop() {
    broker.reset();
    options.journal.reset();
  }
  void run() {
    context.restart();
    context.run();
  }
  /// Queued until the loop runs; what came of it goes into `results`.
  void publish_later(std::string message, std::string key = {}) {
    broker->publish(std::move(message), std::move(key),
                    [this](const PublishResult& result) { results.push_back(describe(result)); });
  }
  std::string publish(std::string message, std::string key = {}) {
    publish_later(std::move(message), std::move(key));
    run();
    return results.back();
  }

  fs::path journal;
  boost::asio::io_context context;
  EmbeddedBrokerOptions options;
  std::int64_t now_timestamp_ms = start_timestamp_ms;
  std::string boot_id = "boot-1";
  Listener listener;
  std::optional<EmbeddedBroker> broker;
  Lines results;
};

struct Running : Bench {
  Running() { start(); }
};

struct Journaled {
  [[nodiscard]] fs::path path() const { return folder / "journal.sqlite3"; }
  /// What opening a broker on the journal fails with.
  [[nodiscard]] std::string error_of_start() const {
    Bench next{path()};
    try {
      next.start();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "none";
  }
  void sql(const char* statement) const {
    SQLite::Database{path(), SQLite::OPEN_READWRITE}.exec(statement);
  }

  TemporaryFolder folder;
  Bench bench{path()};
};

// --- ids

TEST_CASE_METHOD(Running, "messages are numbered from 1 in the millisecond of the start") {
  CHECK(publish(R"({"a":1})") == "1702493000000-1");
  CHECK(publish(R"({"a":2})") == "1702493000000-2");
  CHECK(listener.log == Lines{"history 1702493000000-0", "live",
                              R"(1702493000000-1 {"a":1,"id":"1702493000000-1"})",
                              R"(1702493000000-2 {"a":2,"id":"1702493000000-2"})"});
}

TEST_CASE_METHOD(Running, "catch_up finds everything already delivered") {
  broker->catch_up();
  publish(R"({"a":1})");
  CHECK(listener.log == Lines{"history 1702493000000-0", "live", "caught up",
                              R"(1702493000000-1 {"a":1,"id":"1702493000000-1"})"});
}

TEST_CASE_METHOD(Running, "the id is the last member and everything else is unchanged") {
  const auto [message, numbered] = GENERATE(table<const char*, const char*>({
      {"{}", R"({"id":"1702493000000-1"})"},
      {"{ \n}", "{ \n\"id\":\"1702493000000-1\"}"},
      {" \t{\"a\" : 1 } \r\n", R"({"a" : 1 ,"id":"1702493000000-1"})"},
      {R"({"id":"7-7","b":"}"})", R"({"id":"7-7","b":"}","id":"1702493000000-1"})"},
  }));
  publish(message);
  CHECK(listener.log.back() == std::string{"1702493000000-1 "} + numbered);
}

TEST_CASE_METHOD(Running, "text that can't hold an id is refused and takes no id") {
  const auto* message = GENERATE("", " ", "{", "}", "[]", "null", "{broken");
  CHECK(publish(message) == "The message must be a JSON object.");
  CHECK(publish("{}") == "1702493000000-1");
  CHECK(listener.log.size() == 3);
}

TEST_CASE("a message is refused from the byte on that makes it too large with its id") {
  Bench bench;
  bench.options.limits.message_bytes_max = 100;
  bench.start();
  const std::string room(100 - 50 - 8, 'x');
  CHECK(bench.publish(R"({"a":")" + room + R"("})") == "1702493000000-1");
  CHECK(bench.publish(R"({"a":")" + room + R"(x"})") == "The message must have at most 50 bytes.");
}

// --- order, threads, turns

TEST_CASE("the embedded broker keeps the order of each publishing thread") {
  constexpr int thread_count = 4;
  constexpr int messages_each = 500;
  Running bench;
  std::vector<std::thread> threads;
  threads.reserve(thread_count);
  for (int thread = 0; thread < thread_count; ++thread) {
    threads.emplace_back([&bench, thread] {
      for (int i = 0; i < messages_each; ++i) {
        bench.broker->publish("{\"" + std::to_string(thread) + ":" + std::to_string(i) + "\":0}",
                              {}, {});
      }
    });
  }
  CHECK(run_until(bench.context,
                  [&] { return bench.listener.log.size() == 2 + thread_count * messages_each; }));
  for (auto& thread : threads) {
    thread.join();
  }

  std::vector<std::vector<int>> heard(thread_count);
  for (std::size_t index = 2; index < bench.listener.log.size(); ++index) {
    const std::string& line = bench.listener.log[index];
    const std::size_t quote = line.find('"');
    const std::size_t colon = line.find(':', quote);
    CHECK(line.rfind("1702493000000-" + std::to_string(index - 1) + " ", 0) == 0);
    heard.at(std::stoul(line.substr(quote + 1, colon - quote - 1)))
        .push_back(std::stoi(line.substr(colon + 1)));
  }
  std::vector<int> in_order(messages_each);
  std::iota(in_order.begin(), in_order.end(), 0);
  for (const auto& of_thread : heard) {
    CHECK(of_thread == in_order);
  }
}

TEST_CASE_METHOD(Running, "the subscriber gets a message before its publisher gets the answer") {
  publish_later(R"({"a":1})");
  CHECK(results.empty());
  listener.on_each = [this] { CHECK(results.empty()); };
  run();
  CHECK(results == Lines{"1702493000000-1"});
}

TEST_CASE_METHOD(Running, "a subscriber that publishes is not re-entered") {
  listener.on_each = [this] {
    if (listener.log.size() == 3) {
      publish_later(R"({"second":1})");
      listener.log.emplace_back("end of the first");
    }
  };
  publish(R"({"first":1})");
  CHECK(listener.log.size() == 5);
  CHECK(listener.log[3] == "end of the first");
  CHECK_THAT(listener.log[4], Contains("second"));
}

TEST_CASE("the embedded broker needs no subscriber and is always connected") {
  boost::asio::io_context context;
  EmbeddedBroker broker{context};
  bool is_done = false;
  broker.publish("{}", {}, [&is_done](const PublishResult& result) {
    is_done = std::holds_alternative<EventId>(result);
  });
  context.run();
  CHECK(is_done);
  CHECK(broker.is_connected());
}

TEST_CASE("a subscriber that comes later hears where the history stands and what follows") {
  Bench bench;
  bench.options.now_timestamp_ms = [] { return start_timestamp_ms; };
  bench.broker.emplace(bench.context, bench.options);
  bench.publish("{}");
  bench.broker->subscribe(bench.listener);
  bench.publish("{}");
  CHECK(bench.listener.log ==
        Lines{"history 1702493000000-1", "live", R"(1702493000000-2 {"id":"1702493000000-2"})"});
}

TEST_CASE("messages that wait in a destroyed embedded broker are dropped") {
  Running bench;
  bench.publish_later("{}");
  bench.stop();
  bench.run();
  CHECK(bench.results.empty());
  CHECK(bench.listener.log.size() == 2);
}

TEST_CASE("a publish's handler may destroy the broker") {
  const Journaled journaled;
  Bench bench{journaled.path()};
  bench.start();
  bench.broker->publish("{}", {}, [&bench](const PublishResult&) { bench.stop(); });
  bench.publish_later("{}");
  bench.run();
  CHECK(bench.results.empty());
  bench.start();
  CHECK(bench.listener.log.size() == 4);
}

TEST_CASE("what other threads publish while the loop is busy is bounded and refused in order") {
  Bench bench;
  bench.options.limits.waiting_max = 2;
  bench.options.limits.waiting_bytes_max = 20;
  const CapturedLog log;
  bench.start();
  for (int count = 0; count < 4; ++count) {
    bench.publish_later("{}");
  }
  bench.run();
  CHECK(bench.results.at(1) == "1702493000000-2");
  CHECK_THAT(bench.results.at(2), Contains("too many updates wait"));
  CHECK_THAT(bench.results.at(3), Contains("too many updates wait"));
  // It is in the log, too: not every publisher looks at its result.
  CHECK_THAT(log.text(), Contains("an update was dropped: 2 others (4 bytes) already wait"));
  bench.publish_later(R"({"eleven":1})");
  bench.publish_later(R"({"eleven":1})");
  bench.run();
  CHECK(bench.results.at(4) == "1702493000000-3");
  CHECK_THAT(bench.results.at(5), Contains("too many updates wait"));
  CHECK(bench.publish("{}") == "1702493000000-4");
}

// --- idempotency keys

TEST_CASE_METHOD(Running, "two publishes with one key are one in one turn and in two") {
  publish_later(R"({"a":1})", "one");
  publish_later(R"({"a":1})", "one");
  publish_later(R"({"a":1})", "two");
  run();
  publish(R"({"a":1})", "one");
  CHECK(results ==
        Lines{"1702493000000-1", "1702493000000-1", "1702493000000-2", "1702493000000-1"});
  CHECK(listener.log.size() == 4);
}

TEST_CASE_METHOD(Running, "publishes without a key are each their own") {
  publish("{}");
  CHECK(publish("{}") == "1702493000000-2");
}

TEST_CASE("the oldest keys are forgotten when there are too many and when they are too old") {
  const Journaled journaled;
  Bench bench{GENERATE(true, false) ? journaled.path() : fs::path{}};
  bench.options.limits.keys_max = 2;
  bench.options.limits.key_age_max = Duration{1'000};
  bench.start();
  for (const char* key : {"a", "b", "c"}) {
    bench.publish("{}", key);
  }
  CHECK(bench.publish("{}", "b") == "1702493000000-2");
  CHECK(bench.publish("{}", "a") == "1702493000000-4");
  bench.now_timestamp_ms += 1'000;
  CHECK(bench.publish("{}", "c") == "1702493000000-3");
  bench.now_timestamp_ms += 1;
  bench.publish("{}", "d");
  CHECK(bench.publish("{}", "c") == "1702493000000-6");
  CHECK(bench.publish("{}", "d") == "1702493000000-5");
}

TEST_CASE("the log warns of keys that are forgotten too soon") {
  Bench bench;
  bench.options.limits.keys_max = 1;
  bench.options.limits.key_age_min = Duration{5'000};
  bench.start();
  const CapturedLog log;
  bench.publish("{}", "a");
  bench.now_timestamp_ms += 5'000;
  bench.publish("{}", "b");
  CHECK(log.text().empty());
  bench.now_timestamp_ms += 4'999;
  bench.publish("{}", "c");
  CHECK_THAT(log.text(), Contains("keys are forgotten after 4 s, since there are more than 1"));
}

TEST_CASE("the journal forgets the same keys as the broker") {
  Journaled journaled;
  Bench& bench = journaled.bench;
  bench.options.limits.key_age_max = Duration{1'000};
  bench.start();
  bench.publish("{}", "a");
  bench.now_timestamp_ms += 1'001;
  CHECK(bench.publish("{}", "a") == "1702493000000-1");
  bench.publish("{}", "b");
  CHECK(bench.publish("{}", "a") == "1702493000000-3");
  bench.stop();
  SQLite::Database database{journaled.path()};
  CHECK(database.execAndGet("SELECT group_concat(key || ' ' || sequence) FROM keys").getString() ==
        "b 2,a 3");
}

TEST_CASE_METHOD(Running, "a key that is too long is refused") {
  CHECK_THAT(publish("{}", std::string(257, 'k')), Contains("at most 256 bytes"));
  CHECK(publish("{}", std::string(256, 'k')) == "1702493000000-1");
}

// --- the journal

TEST_CASE("a restart delivers the history again and continues its ids and keys") {
  Journaled journaled;
  journaled.bench.start();
  const Lines first_log = {"history 1702493000000-0",
                           "1702493000000-1 {\"a\":\"\xe1\x88\x83\",\"id\":\"1702493000000-1\"}",
                           R"(1702493000000-2 {"b":2,"id":"1702493000000-2"})"};
  CHECK(journaled.bench.listener.log == Lines{first_log[0], "live"});
  journaled.bench.publish("{\"a\":\"\xe1\x88\x83\"}", "a key");
  journaled.bench.publish(R"( {"b":2} )");
  journaled.bench.stop();

  Bench next{journaled.path()};
  next.boot_id = GENERATE("boot-1", "boot-2");  // After a clean stop the boot does not matter.
  next.now_timestamp_ms = GENERATE(start_timestamp_ms + 1'000, start_timestamp_ms - 1'000);
  next.start();
  Lines replayed = first_log;
  replayed.emplace_back("live");
  CHECK(next.listener.log == replayed);
  CHECK(next.publish("{}", "a key") == "1702493000000-1");
  CHECK(next.publish("{}") == "1702493000000-3");
}

TEST_CASE("the journal is trimmed to its limits as it grows") {
  Journaled journaled;
  Bench& bench = journaled.bench;
  const auto replayed = [&] {
    bench.stop();
    bench.start();
    return bench.listener.log;
  };
  SECTION("by count") {
    bench.options.limits.messages_max = 2;
    bench.start();
    for (int count = 0; count < 5; ++count) {
      bench.publish_later("{}");
    }
    bench.run();
    bench.publish("{}");
    CHECK(replayed() == Lines{"history 1702493000000-4",
                              R"(1702493000000-5 {"id":"1702493000000-5"})",
                              R"(1702493000000-6 {"id":"1702493000000-6"})", "live"});
  }
  SECTION("by bytes") {
    bench.options.limits.bytes_max = 16;
    bench.start();
    bench.publish(R"({"a":1})");
    bench.publish(R"({"a":2})");
    bench.publish("{}");
    CHECK(replayed().size() == 5);
    bench.publish("{}");
    CHECK(replayed() == Lines{"history 1702493000000-1",
                              R"(1702493000000-2 {"a":2,"id":"1702493000000-2"})",
                              R"(1702493000000-3 {"id":"1702493000000-3"})",
                              R"(1702493000000-4 {"id":"1702493000000-4"})", "live"});
  }
  SECTION("by age, at a start too") {
    bench.options.limits.age_max = Duration{1'000};
    bench.start();
    bench.publish(R"({"a":1})");
    bench.now_timestamp_ms += 1'001;
    CHECK(replayed() == Lines{"history 1702493000000-1", "live"});
    CHECK(bench.publish("{}") == "1702493000000-2");
  }
  SECTION("to nothing") {
    bench.options.limits.messages_max = 0;
    bench.start();
    CHECK(bench.publish("{}") == "1702493000000-1");
    CHECK(replayed() == Lines{"history 1702493000000-1", "live"});
    CHECK(bench.publish("{}") == "1702493000000-2");
  }
}

TEST_CASE("a burst is one transaction") {
  Journaled journaled;
  journaled.bench.start();
  journaled.bench.stop();
  // Counts transactions: each writes the history's row once.
  journaled.sql(
      "CREATE TABLE turns (sequence INTEGER);"
      "CREATE TRIGGER count AFTER UPDATE OF last_sequence ON histories "
      "BEGIN INSERT INTO turns VALUES (new.last_sequence); END");
  journaled.bench.start();
  for (int count = 0; count < 100; ++count) {
    journaled.bench.publish_later("{}");
  }
  journaled.bench.run();
  CHECK(journaled.bench.results.size() == 100);
  journaled.bench.stop();
  SQLite::Database database{journaled.path()};
  CHECK(database.execAndGet("SELECT count(*) FROM turns WHERE sequence > 0").getInt() == 1);
  CHECK(database.execAndGet("SELECT max(sequence) FROM turns").getInt() == 100);
}

TEST_CASE("a message that can't be kept is refused and its id goes to the next one") {
  Journaled journaled;
  journaled.bench.start();
  journaled.bench.stop();
  journaled.sql(
      "CREATE TRIGGER broken BEFORE INSERT ON messages WHEN new.message = x'7b2278223a317d' "
      "BEGIN SELECT raise(ABORT, 'the disk is full'); END");
  journaled.bench.start();
  Bench& bench = journaled.bench;
  bench.publish("{}", "before");
  bench.publish_later("{}", "lost");
  bench.publish_later(R"({"x":1})");
  bench.publish_later("{}", "lost");
  bench.publish_later("{}", "before");
  bench.run();
  for (const std::size_t index : {1U, 2U, 3U}) {
    CHECK_THAT(bench.results.at(index),
               Contains("disk is full") && Contains(journaled.path().string()));
  }
  CHECK(bench.results.at(4) == "1702493000000-1");
  CHECK(bench.listener.log.size() == 3);
  CHECK(bench.publish("{}", "lost") == "1702493000000-2");
  bench.stop();
  bench.start();
  CHECK(bench.listener.log.size() == 4);
}

TEST_CASE("a journal that can't be written is an obstacle until it can") {
  Journaled journaled;
  journaled.bench.start();
  journaled.bench.stop();
  // Too full for a message, and for writes without one after the first.
  journaled.sql(
      "CREATE TRIGGER full BEFORE INSERT ON messages WHEN new.message = x'7b2278223a317d' "
      "BEGIN SELECT raise(ABORT, 'the disk is full'); END; "
      "CREATE TRIGGER still BEFORE UPDATE ON histories WHEN old.last_sequence = 1 AND "
      "new.last_sequence = 1 BEGIN SELECT raise(ABORT, 'the disk is full'); END");
  regstream::Instant now{regstream::Duration{1'000}};
  journaled.bench.options.now = [&now] { return now; };
  journaled.bench.start();
  Bench& bench = journaled.bench;
  const auto obstacle = [&bench] { return bench.broker->obstacles().publishing; };
  CHECK(obstacle().empty());

  SECTION("found by a publish, and its end by a probe") {
    CHECK_THAT(bench.publish(R"({"x":1})"), Contains("disk is full"));
    CHECK_THAT(obstacle(), Contains("journal can't be written") && !Contains("disk"));
    CHECK(bench.broker->obstacles().reading.empty());
    now += Readiness::probe_interval;
    CHECK(obstacle().empty());
  }
  SECTION("found by a probe where nobody publishes, and its end by a publish") {
    CHECK(bench.publish("{}") == "1702493000000-1");
    CHECK(obstacle().empty());
    now += Readiness::probe_interval;
    CHECK_FALSE(obstacle().empty());
    CHECK(bench.publish("{}") == "1702493000000-2");
    CHECK(obstacle().empty());
  }
}

// --- what ends a process, or a machine

// Publishes until it is killed; writes each acknowledged sequence to `acknowledged`.
[[noreturn]] void publish_for_ever(const fs::path& journal, int acknowledged) {
  Bench bench{journal};
  bench.start();
  for (;;) {
    for (int count = 0; count < 3; ++count) {
      bench.broker->publish(R"({"a":1})", {}, [acknowledged](const PublishResult& result) {
        const std::uint64_t sequence = std::get<EventId>(result).sequence;
        if (::write(acknowledged, &sequence, sizeof sequence) != sizeof sequence) {
          ::_exit(1);
        }
      });
    }
    bench.run();
  }
}

TEST_CASE("SIGKILL loses nothing that was acknowledged and the ids go on") {
  const Journaled journaled;
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 3; ++round) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(pipe[0]);
      publish_for_ever(journaled.path(), pipe[1]);
    }
    ::close(pipe[1]);
    std::uint64_t sequence = 0;
    for (int count = 0; count < 200; ++count) {
      REQUIRE(::read(pipe[0], &sequence, sizeof sequence) == sizeof sequence);
      CHECK(sequence > acknowledged);
      acknowledged = sequence;
    }
    REQUIRE(::kill(child, SIGKILL) == 0);
    while (::read(pipe[0], &sequence, sizeof sequence) == sizeof sequence) {
      acknowledged = sequence;
    }
    ::close(pipe[0]);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
  }
  Bench next{journaled.path()};
  next.now_timestamp_ms += 60'000;
  next.start();
  const Lines& log = next.listener.log;
  CHECK(log.front() == "history 1702493000000-0");
  CHECK(log.back() == "live");
  const std::size_t kept = log.size() - 2;
  CHECK(kept >= acknowledged);
  for (std::size_t index = 1; index <= kept; ++index) {
    const std::string id = "1702493000000-" + std::to_string(index);
    std::string expected = id;
    expected.append(R"( {"a":1,"id":")").append(id).append("\"}");
    REQUIRE(log[index] == expected);
  }
  CHECK(next.publish("{}") == "1702493000000-" + std::to_string(kept + 1));
}

/// A copy of the journal's files at this moment.
void copy_journal(const fs::path& from, const fs::path& to) {
  for (const char* suffix : {"", "-wal"}) {
    fs::remove(to.string() + suffix);
    if (fs::exists(from.string() + suffix)) {
      fs::copy_file(from.string() + suffix, to.string() + suffix);
    }
  }
}

TEST_CASE("a power failure may lose the last moments but no id is given out twice") {
  Journaled journaled;
  const fs::path survived = journaled.folder / "survived.sqlite3";
  journaled.bench.start();
  journaled.bench.publish(R"({"a":1})", "kept");
  copy_journal(journaled.path(), survived);
  journaled.bench.publish(R"({"lost":1})", "lost");

  Bench next{survived};
  next.boot_id = GENERATE("boot-2", "");
  SECTION("the new epoch is the millisecond of the start") {
    next.now_timestamp_ms += 5;
    next.start();
    CHECK(next.listener.log == Lines{"history 1702493000005-0",
                                     R"(1702493000005-1 {"a":1,"id":"1702493000005-1"})", "live"});
    CHECK(next.publish("{}", "kept") == "1702493000005-1");
    CHECK(next.publish("{}", "lost") == "1702493000005-2");
  }
  SECTION("it is greater than the old one, though the clock is behind") {
    next.now_timestamp_ms -= 1'000'000;
    next.start();
    CHECK(next.publish("{}") == "1702493000001-2");
  }
}

TEST_CASE("on the same boot nothing is lost and the epoch stays") {
  Journaled journaled;
  const fs::path survived = journaled.folder / "survived.sqlite3";
  journaled.bench.start();
  journaled.bench.publish("{}");
  copy_journal(journaled.path(), survived);
  Bench next{survived};
  next.now_timestamp_ms += 5;
  next.start();
  CHECK(next.publish("{}") == "1702493000000-2");
}

TEST_CASE("without a boot id only a clean stop keeps the epoch") {
  Journaled journaled;
  const fs::path survived = journaled.folder / "survived.sqlite3";
  journaled.bench.boot_id = "";
  journaled.bench.start();
  journaled.bench.publish("{}");
  copy_journal(journaled.path(), survived);
  journaled.bench.stop();
  journaled.bench.now_timestamp_ms += 5;
  journaled.bench.start();
  CHECK(journaled.bench.publish("{}") == "1702493000000-2");
  Bench next{survived};
  next.boot_id = "";
  next.now_timestamp_ms += 5;
  next.start();
  CHECK(next.publish("{}") == "1702493000005-2");
}

// --- files that are no journal

TEST_CASE("a file that is damaged is refused by name and left alone") {
  const Journaled journaled;
  {
    Bench bench{journaled.path()};
    bench.start();
    for (int count = 0; count < 200; ++count) {
      bench.publish_later(R"({"a":")" + std::string(200, 'x') + R"("})");
    }
    bench.run();
  }
  SECTION("no database at all") {
    std::ofstream{journaled.path()} << std::string(4'096, 'x');
  }
  SECTION("a page in the middle") {
    std::fstream file{journaled.path(), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(5 * 4'096));
    file << std::string(4'096, '\xff');
  }
  SECTION("cut off") {
    fs::resize_file(journaled.path(), std::uintmax_t{3} * 4'096);
  }
  SECTION("a message missing in the middle") {
    journaled.sql("DELETE FROM messages WHERE sequence = 100");
  }
  SECTION("the newest message missing") {
    journaled.sql("DELETE FROM messages WHERE sequence = 200");
  }
  SECTION("an epoch below zero") {
    journaled.sql("PRAGMA ignore_check_constraints = 1; UPDATE histories SET epoch = -1");
  }
  SECTION("no row of the history") {
    journaled.sql("DELETE FROM histories");
  }
  const auto size = fs::file_size(journaled.path());
  CHECK_THAT(journaled.error_of_start(), Contains(journaled.path().string()) &&
                                             Contains("damaged; move it away") &&
                                             Contains("--journal"));
  CHECK(fs::file_size(journaled.path()) == size);
}

TEST_CASE("a database that is no journal is refused and left alone") {
  const Journaled journaled;
  SQLite::Database{journaled.path(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}.exec(
      "PRAGMA application_id = 1382380403; CREATE TABLE registrations (x); "
      "PRAGMA user_version = 1");
  CHECK_THAT(journaled.error_of_start(), Contains("belongs to another program"));
  const SQLite::Database other{journaled.path()};
  CHECK_FALSE(other.tableExists("messages"));
}

TEST_CASE("one file holds the histories of several workflows with separate ids") {
  Journaled journaled;
  Bench& first = journaled.bench;
  regstream::Workflow loans = regstream::registration_workflow();
  loans.channel = "service:loans";
  Bench second;
  second.options.workflow = &loans;
  second.options.limits.messages_max = 1;
  const auto start_both = [&] {
    first.start();
    second.options.journal = first.options.journal;
    second.start();
  };
  second.now_timestamp_ms += 7;
  start_both();
  CHECK(first.publish(R"({"a":1})", "key") == "1702493000000-1");
  CHECK(second.publish(R"({"b":1})", "key") == "1702493000007-1");
  CHECK(second.publish(R"({"b":2})") == "1702493000007-2");
  CHECK(first.publish(R"({"a":2})") == "1702493000000-2");
  const auto stop_both = [&] {
    second.stop();
    first.stop();
  };
  stop_both();

  SECTION("both go on after a restart, each within its own limits") {
    start_both();
    CHECK(first.listener.log == Lines{"history 1702493000000-0",
                                      R"(1702493000000-1 {"a":1,"id":"1702493000000-1"})",
                                      R"(1702493000000-2 {"a":2,"id":"1702493000000-2"})", "live"});
    CHECK(second.listener.log == Lines{"history 1702493000007-1",
                                       R"(1702493000007-2 {"b":2,"id":"1702493000007-2"})",
                                       "live"});
    CHECK(first.publish("{}", "key") == "1702493000000-1");
    CHECK(second.publish("{}", "key") == "1702493000007-1");
    stop_both();
  }
  SECTION("one that is not served is left as it is") {
    first.start();
    CHECK(first.publish("{}") == "1702493000000-3");
    first.stop();
    start_both();
    CHECK(second.listener.log == Lines{"history 1702493000007-1",
                                       R"(1702493000007-2 {"b":2,"id":"1702493000007-2"})",
                                       "live"});
    stop_both();
  }
}

TEST_CASE("a turn handles a slice of what waits and other workflows get turns in between") {
  Bench bench;
  SECTION("by count") {
    bench.options.limits.turn_messages_max = 2;
  }
  SECTION("by bytes, and one message more") {
    bench.options.limits.turn_bytes_max = 3;
  }
  bench.start();
  for (int count = 0; count < 5; ++count) {
    bench.publish_later("{}");
  }
  boost::asio::post(bench.context, [&bench] { bench.listener.log.emplace_back("others"); });
  bench.run();
  CHECK(bench.listener.log == Lines{"history 1702493000000-0", "live",
                                    R"(1702493000000-1 {"id":"1702493000000-1"})",
                                    R"(1702493000000-2 {"id":"1702493000000-2"})", "others",
                                    R"(1702493000000-3 {"id":"1702493000000-3"})",
                                    R"(1702493000000-4 {"id":"1702493000000-4"})",
                                    R"(1702493000000-5 {"id":"1702493000000-5"})"});
  CHECK(bench.results.size() == 5);
}

TEST_CASE("a journal of an earlier version is refused with both versions") {
  const Journaled journaled;
  SQLite::Database{journaled.path(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}.exec(
      "PRAGMA application_id = 1382377290; CREATE TABLE history (x); PRAGMA user_version = 1");
  CHECK_THAT(journaled.error_of_start(), Contains("made by another version of this program (format "
                                                  "1, this one reads 2); move it away"));
}

TEST_CASE("a journal of a later version is refused with both versions") {
  const Journaled journaled;
  { Bench{journaled.path()}.start(); }
  journaled.sql("PRAGMA user_version = 999");
  CHECK_THAT(journaled.error_of_start(), Contains("format 999") && Contains("reads 2"));
}

TEST_CASE("an impossible place for a journal is refused with advice") {
  const TemporaryFolder folder;
  Bench missing{folder / "missing" / "journal.sqlite3"};
  CHECK_THROWS_WITH(missing.start(), Contains("missing does not exist") && Contains("--journal"));
  Bench a_folder{folder / "."};
  CHECK_THROWS_WITH(a_folder.start(), Contains("it is a folder"));
}

}  // namespace
