#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <catch2/catch.hpp>

#include "log/background_log.hpp"

namespace {

using regstream::Duration;
using regstream::logging::BackgroundLog;

/// A reader of the log that stands still until it is told to go on.
class Reader {
 public:
  void read(std::string line) {
    std::unique_lock lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
    changed_.wait(lock, [this] { return reads_; });
  }
  void go_on() {
    const std::lock_guard lock(mutex_);
    reads_ = true;
    changed_.notify_all();
  }
  void wait_for_a_line() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !lines_.empty(); });
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  bool reads_ = false;
};

class ReaderSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  ReaderSink(std::shared_ptr<Reader> reader, std::promise<void> gone)
      : reader_(std::move(reader)), gone_(std::move(gone)) {}
  ~ReaderSink() override { gone_.set_value(); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    reader_->read({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

  std::shared_ptr<Reader> reader_;
  std::promise<void> gone_;
};

/// The default logger writes to a reader while this lives.
struct Bench {
  Bench() : before(spdlog::default_logger()) {
    std::promise<void> gone;
    sink_gone = gone.get_future();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "reader", std::make_shared<ReaderSink>(reader, std::move(gone))));
  }
  ~Bench() { spdlog::set_default_logger(before); }

  std::shared_ptr<Reader> reader = std::make_shared<Reader>();
  std::future<void> sink_gone;
  std::shared_ptr<spdlog::logger> before;
};

constexpr Duration long_enough{60'000};

}  // namespace

TEST_CASE_METHOD(Bench,
                 "a log whose reader stands still keeps its newest lines, and counts the others") {
  BackgroundLog log(3);
  spdlog::info("line 0");
  reader->wait_for_a_line();
  for (int number = 1; number <= 10; ++number) {
    spdlog::info("line {}", number);
  }
  reader->go_on();
  CHECK(log.finish(long_enough));
  CHECK(reader->lines() ==
        std::vector<std::string>{"line 0",
                                 "7 log lines are missing here: the log's reader was too slow",
                                 "line 8", "line 9", "line 10"});
}

TEST_CASE_METHOD(Bench,
                 "a log that is read says nothing of itself, and goes on without its thread") {
  reader->go_on();
  BackgroundLog log(3);
  spdlog::info("behind the scenes");
  CHECK(log.finish(long_enough));
  spdlog::info("at once");
  CHECK(reader->lines() == std::vector<std::string>{"behind the scenes", "at once"});
}

TEST_CASE_METHOD(Bench, "the end of a log does not wait for a reader that stands still") {
  BackgroundLog log(3);
  spdlog::info("line 0");
  reader->wait_for_a_line();
  CHECK_FALSE(log.finish(Duration{1}));
  spdlog::set_default_logger(before);
  reader->go_on();
  sink_gone.wait();  // The thread is no longer this test's then.
}
