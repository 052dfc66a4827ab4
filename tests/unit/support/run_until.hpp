#pragma once

#include <chrono>
#include <exception>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace regstream::test {

/// Runs `context` until `condition` holds. False if it does not hold in time.
template <typename Condition>
[[nodiscard]] bool run_until(boost::asio::io_context& context, Condition condition) {
  // Keeps a context running that waits for another thread's first post.
  const auto work = boost::asio::make_work_guard(context);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!condition()) {
    context.restart();
    if (context.run_one_until(deadline) == 0) {
      return condition();
    }
  }
  return true;
}

/// The same, but goes on after an exception, as `net::run` does, and calls `on_exception` for each.
template <typename Condition, typename OnException>
[[nodiscard]] bool run_on_until(boost::asio::io_context& context, Condition condition,
                                OnException on_exception) {
  for (;;) {
    try {
      return run_until(context, condition);
    } catch (const std::exception& error) {
      on_exception(error);
    }
  }
}

}  // namespace regstream::test
