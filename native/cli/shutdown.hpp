#pragma once

#include <cstddef>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <regstream/time.hpp>

#include "backend/backend.hpp"
#include "cli/serving_loops.hpp"
#include "cli/workflow_gateways.hpp"
#include "net/loops.hpp"

namespace regstream::cli {

/// Ends `serve` well, within a time: on the first SIGINT or SIGTERM the gateways are not ready any
/// more and refuse new streams, and those that are open end one after another; then the servers
/// go. On the second signal, or when time is up, the loops stop. The sample goes first, so that the
/// streams still carry its last updates. On the first loop.
class Shutdown {
 public:
  /// `sample_backend` is null without `--demo`. `time` is for all of it. All arguments must outlive
  /// this.
  Shutdown(ServingLoops& serving, backend::Backend* sample_backend,
           const WorkflowGateways& workflows, Duration time);

 private:
  void begin();
  void drain();
  [[nodiscard]] Duration drain(std::size_t loop, Duration spread);
  void on_drained();
  void stop_after(Duration time);

  ServingLoops& serving_;
  net::Loops& loops_;
  backend::Backend* sample_backend_;
  const WorkflowGateways& workflows_;
  boost::asio::signal_set signals_;
  Duration time_;
  boost::asio::steady_timer acknowledgement_limit_;
  boost::asio::steady_timer limit_;  // Of all of it.
  bool is_draining_ = false;
  std::size_t undrained_;  // Gateways, of all loops.
};

}  // namespace regstream::cli
