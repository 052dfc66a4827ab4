#pragma once

#include <cstddef>
#include <future>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "net/loops.hpp"

namespace regstream::test {

/// Running loops, the first one on a thread of its own, until `end`. What the test makes for them
/// must outlive their run.
class RunningLoops {
 public:
  explicit RunningLoops(std::size_t count) : loops(count), work_(loops.first().get_executor()) {}
  ~RunningLoops() { end(); }
  RunningLoops(const RunningLoops&) = delete;
  RunningLoops& operator=(const RunningLoops&) = delete;

  void begin() {
    thread_ = std::thread([this] { loops.run(); });
  }
  void end() {
    if (thread_.joinable()) {
      loops.stop();
      thread_.join();
    }
  }

  /// Calls `act` on a loop, and returns when that has returned.
  template <typename Act>
  auto on(std::size_t loop, Act act) {
    std::packaged_task<decltype(act())()> task(std::move(act));
    auto result = task.get_future();
    boost::asio::post(loops[loop], std::move(task));
    return result.get();
  }
  /// Waits until each loop has run what was posted to it before.
  void settle() {
    for (std::size_t loop = 0; loop < loops.size(); ++loop) {
      on(loop, [] {});
    }
  }

  net::Loops loops;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace regstream::test
