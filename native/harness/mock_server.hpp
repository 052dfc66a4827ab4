#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "harness/recorded_request.hpp"
#include "harness/scenario.hpp"
#include "harness/scenario_player.hpp"
#include "harness/script_connection.hpp"
#include "net/router.hpp"

namespace regstream::harness {

struct MockOptions {
  /// Time stands still until POST /mock/time advances it.
  bool has_virtual_time = false;
};

/// Plays a scenario to clients, and answers the control API below /mock/. On the io_context's one
/// thread.
class MockServer {
 public:
  MockServer(boost::asio::io_context& context, Scenario scenario, const MockOptions& options);
  MockServer(const MockServer&) = delete;
  MockServer& operator=(const MockServer&) = delete;

  /// Takes every path, because a scenario may use any. Must outlive the router's requests.
  void add_to(net::Router& router);
  /// Closes open connections, and answers waiting callers.
  void close();

 private:
  /// A GET /mock/requests?atLeast=N that waits for request N.
  struct Waiter {
    std::size_t at_least = 0;
    net::Exchange exchange;
    std::unique_ptr<boost::asio::steady_timer> limit;
  };

  [[nodiscard]] Instant now() const;
  void play(net::Exchange exchange);
  /// Carries out the player's actions, and sets the timer.
  void pump();
  void set_timer();
  void answer_waiters();

  void get_requests(net::Exchange exchange);
  void respond_requests(net::Exchange& exchange) const;
  void send(net::Exchange& exchange);
  void cut(net::Exchange& exchange);
  void answer(net::Exchange& exchange);
  void advance_time(net::Exchange& exchange);

  boost::asio::io_context& context_;
  MockOptions options_;
  std::chrono::steady_clock::time_point began_;
  Instant virtual_now_{};
  ScenarioPlayer player_;
  boost::asio::steady_timer timer_;
  std::map<ConnectionNumber, std::shared_ptr<ScriptConnection>> connections_;
  std::map<std::uint64_t, Waiter> waiters_;  // In the order of their arrival.
  std::uint64_t last_waiter_ = 0;
};

}  // namespace regstream::harness
