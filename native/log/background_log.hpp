#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <regstream/time.hpp>

namespace spdlog {  // NOLINT(readability-identifier-naming): spdlog's own name.
class logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace regstream::logging {

/// While it lives, a thread of its own writes lines to the default logger's sinks. So logging never
/// waits for the log's reader: a full pipe, a stopped terminal, a slow disk. The queue of lines is
/// bounded. When it is full, the oldest are dropped, and a line says how many before the next one.
///
/// No other thread may log while it is made or finished.
class BackgroundLog {
 public:
  /// A few minutes of a gateway in trouble, with at most a kilobyte a line.
  static constexpr std::size_t default_lines_max = 1'000;

  explicit BackgroundLog(std::size_t lines_max = default_lines_max);
  BackgroundLog(const BackgroundLog&) = delete;
  BackgroundLog& operator=(const BackgroundLog&) = delete;
  /// Waits until the last line is written; `finish` limits that.
  ~BackgroundLog();

  /// Writes the waiting lines; after that, lines go straight to the sinks again. False if they
  /// could not be written within `timeout`. The thread is blocked in a write then and can't be
  /// ended: leave the process with `std::_Exit`.
  [[nodiscard]] bool finish(Duration timeout);

 private:
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::logger> direct_;  // The default logger before this.
};

/// Runs `command` with a `BackgroundLog`, and returns its exit code. If the log can't be written to
/// its end within a second, the process ends here with that code.
int run_with_background_log(const std::function<int()>& command);

}  // namespace regstream::logging
