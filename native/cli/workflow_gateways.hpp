#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/broker.hpp>

#include "access/guard.hpp"
#include "gateway/gateway.hpp"
#include "gateway/publish_route.hpp"
#include "hub/stream_pump.hpp"
#include "net/router.hpp"

namespace regstream::cli {

/// Each workflow's way from its broker to its streams.
class WorkflowGateways {
 public:
  explicit WorkflowGateways(boost::asio::io_context& context) : context_(context) {}

  /// Streams are counted together: each takes a descriptor, whichever workflow's it is.
  void add(std::unique_ptr<broker::Broker> broker, hub::StreamPumpOptions streams);
  void add_to(net::Router& router, const access::Guard& guard, bool with_publish_routes);

  [[nodiscard]] broker::Broker& registration() const { return *brokers_.front(); }
  [[nodiscard]] std::vector<gateway::Gateway*> gateways() const;
  [[nodiscard]] bool is_connected() const;

 private:
  boost::asio::io_context& context_;
  std::vector<std::unique_ptr<broker::Broker>> brokers_;
  std::vector<std::unique_ptr<gateway::Gateway>> gateways_;
  std::vector<std::unique_ptr<gateway::PublishRoute>> publish_routes_;
};

}  // namespace regstream::cli
