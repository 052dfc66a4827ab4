#pragma once

#include <chrono>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "cli/workflow_gateways.hpp"

namespace regstream::cli {

/// Prints where the server is, once the brokers have subscribed to their channels. A program that
/// waits for this line may publish at once. If that takes longer than `patience`, the line says so.
/// A reader that doesn't read it delays nothing.
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
