#include "log/background_log.hpp"

#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <spdlog/async.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>

#include "log/line_format.hpp"
#include "log/log.hpp"

namespace regstream::logging {
namespace {

constexpr Duration finish_max{1'000};

/// Passes lines on to `sinks`, on the pool's thread, and reports missing lines: spdlog's queue
/// counts what it drops, but doesn't report it.
class LossReporter final : public spdlog::sinks::sink {
 public:
  /// `pool` calls this, so it exists.
  LossReporter(std::vector<spdlog::sink_ptr> sinks, spdlog::details::thread_pool& pool)
      : sinks_(std::move(sinks)), pool_(pool) {}

  void log(const spdlog::details::log_msg& message) override {
    const std::size_t lost = pool_.overrun_counter();
    if (lost != reported_) {
      const std::string text = std::to_string(lost - std::exchange(reported_, lost)) +
                               " log lines are missing here: the log's reader was too slow";
      write({message.time, spdlog::source_loc{}, message.logger_name, spdlog::level::warn,
             compose(format(), "lines missing", text)});
    }
    write(message);
  }
  void flush() override {
    for (const spdlog::sink_ptr& destination : sinks_) {
      destination->flush();
    }
  }
  void set_pattern(const std::string& pattern) override {
    for (const spdlog::sink_ptr& destination : sinks_) {
      destination->set_pattern(pattern);
    }
  }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    for (const spdlog::sink_ptr& destination : sinks_) {
      destination->set_formatter(formatter->clone());
    }
  }

 private:
  void write(const spdlog::details::log_msg& message) {
    for (const spdlog::sink_ptr& destination : sinks_) {
      if (destination->should_log(message.level)) {
        destination->log(message);
      }
    }
  }

  const std::vector<spdlog::sink_ptr> sinks_;
  spdlog::details::thread_pool& pool_;
  std::size_t reported_ = 0;
};

}  // namespace

BackgroundLog::BackgroundLog(std::size_t lines_max)
    : pool_(std::make_shared<spdlog::details::thread_pool>(lines_max, 1)),
      direct_(spdlog::default_logger()) {
  auto logger = std::make_shared<spdlog::async_logger>(
      direct_->name(), std::make_shared<LossReporter>(direct_->sinks(), *pool_), pool_,
      spdlog::async_overflow_policy::overrun_oldest);
  logger->set_level(direct_->level());
  spdlog::set_default_logger(std::move(logger));
}

BackgroundLog::~BackgroundLog() {
  if (direct_) {
    spdlog::set_default_logger(direct_);
  }
}

bool BackgroundLog::finish(Duration timeout) {
  spdlog::set_default_logger(std::exchange(direct_, nullptr));
  // The pool's destructor writes the waiting lines and joins its thread, without a time limit.
  std::promise<void> written;
  const std::future<void> end = written.get_future();
  std::thread waiter(
      [pool = std::exchange(pool_, nullptr), written = std::move(written)]() mutable {
        pool.reset();
        written.set_value();
      });
  if (end.wait_for(timeout) != std::future_status::ready) {
    waiter.detach();
    return false;
  }
  waiter.join();
  return true;
}

int run_with_background_log(const std::function<int()>& command) {
  BackgroundLog log;
  const int exit_code = command();
  if (!log.finish(finish_max)) {
    std::_Exit(exit_code);
  }
  return exit_code;
}

}  // namespace regstream::logging
