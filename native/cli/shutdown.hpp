#pragma once

#include <cstddef>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "backend/backend.hpp"
#include "gateway/gateway.hpp"
#include "net/server.hpp"

namespace regstream::cli {

/// Ends `serve` well: on the first SIGINT or SIGTERM everything is asked to finish, on the second,
/// or when time is up, the loop stops. The sample goes first, so that the streams still carry its
/// last updates.
class Shutdown {
 public:
  /// `sample_backend` is null without `--demo`. All arguments must outlive this.
  Shutdown(boost::asio::io_context& context, net::Server& server, backend::Backend* sample_backend,
           std::vector<gateway::Gateway*> gateways);

 private:
  void begin();
  void drain();
  void one_ended();

  boost::asio::io_context& context_;
  net::Server& server_;
  backend::Backend* sample_backend_;
  std::vector<gateway::Gateway*> gateways_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer limit_;
  bool is_draining_ = false;
  std::size_t unfinished_;  // Gateways, and the server.
};

}  // namespace regstream::cli
