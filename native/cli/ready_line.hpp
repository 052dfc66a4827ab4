#pragma once

#include <chrono>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "cli/workflow_gateways.hpp"

namespace regstream::cli {

/// Says where the server is, once the brokers hear their channels: whoever waits for this line may
/// publish at once. Where that takes longer than `patience`, the line says so. Whoever does not
/// read it holds nothing up.
class ReadyLine {
 public:
  ReadyLine(boost::asio::io_context& context, const WorkflowGateways& workflows, std::string url,
            std::string broker_name, std::chrono::seconds patience);

 private:
  void check();

  boost::asio::steady_timer timer_;
  const WorkflowGateways& workflows_;
  std::string url_;
  std::string broker_name_;
  std::chrono::steady_clock::time_point give_up_;
};

}  // namespace regstream::cli
