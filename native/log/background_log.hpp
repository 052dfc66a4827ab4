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

/// While it lives, lines go to the default logger's sinks on a thread of their own, so that nobody
/// who logs waits for whoever reads the log: a full pipe, a terminal that was stopped, a slow disk.
/// Lines that wait are bounded. When there are too many, the oldest are dropped, and the next one
/// that is written is preceded by one that says how many.
///
/// Make and finish it where no other thread logs.
class BackgroundLog {
 public:
  /// Some minutes of what a gateway in trouble says, at a kilobyte a line at most.
  static constexpr std::size_t default_lines_max = 1'000;

  explicit BackgroundLog(std::size_t lines_max = default_lines_max);
  BackgroundLog(const BackgroundLog&) = delete;
  BackgroundLog& operator=(const BackgroundLog&) = delete;
  /// Waits for the last line to be written: `finish` bounds that.
  ~BackgroundLog();

  /// Lines go straight to the sinks again, after those that wait. False: these could not be written
  /// within `timeout`. The thread is blocked in a write then, and can't be ended: leave the process
  /// by `std::_Exit`.
  [[nodiscard]] bool finish(Duration timeout);

 private:
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::logger> direct_;  // What the default logger was before.
};

/// Runs `command` with a `BackgroundLog`, and gives its exit code. Where the log can't be written
/// to its end within a second, the process ends here, with that code.
int run_with_background_log(const std::function<int()>& command);

}  // namespace regstream::logging
