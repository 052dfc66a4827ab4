#pragma once

#include <cstddef>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <regstream/time.hpp>

#include "backend/backend.hpp"
#include "gateway/gateway.hpp"
#include "net/server.hpp"

namespace regstream::cli {

/// Ends `serve` well, within a time: on the first SIGINT or SIGTERM the gateways are not ready any
/// more and refuse new streams, and those that are open end one after another; then the server
/// goes. On the second signal, or when time is up, the loop stops. The sample goes first, so that
/// the streams still carry its last updates.
class Shutdown {
 public:
  /// `sample_backend` is null without `--demo`. `time` is for all of it. All arguments must outlive
  /// this.
  Shutdown(boost::asio::io_context& context, net::Server& server, backend::Backend* sample_backend,
           std::vector<gateway::Gateway*> gateways, Duration time);

 private:
  void begin();
  void drain();
  void on_drained();
  void stop_after(Duration time);

  boost::asio::io_context& context_;
  net::Server& server_;
  backend::Backend* sample_backend_;
  std::vector<gateway::Gateway*> gateways_;
  boost::asio::signal_set signals_;
  Duration time_;
  boost::asio::steady_timer acknowledgement_limit_;
  boost::asio::steady_timer limit_;  // Of all of it.
  bool is_draining_ = false;
  std::size_t undrained_;  // Gateways.
};

}  // namespace regstream::cli
