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

/// Ends `serve` in good order, within a time limit. On the first SIGINT or SIGTERM the gateways
/// stop being ready and refuse new streams, and open streams end one after another; then the
/// servers stop. On the second signal, or when the time is up, the loops stop. The sample stops
/// first, so that the streams still carry its last updates. Lives on the first loop.
class Shutdown {
 public:
  /// `sample_backend` is null without `--demo`. `time` limits the whole shutdown. All arguments
  /// must outlive this.
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
  boost::asio::steady_timer limit_;  // For the whole shutdown.
  bool is_draining_ = false;
  std::size_t undrained_;  // Gateways on all loops that have not drained yet.
};

}  // namespace regstream::cli
