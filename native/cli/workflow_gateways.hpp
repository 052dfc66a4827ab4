#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <regstream/broker/broker.hpp>

#include "broker/history_relay.hpp"
#include "cli/serving_loops.hpp"
#include "gateway/gateway.hpp"
#include "gateway/loop_facts.hpp"
#include "gateway/publish_route.hpp"
#include "hub/stream_pump.hpp"
#include "net/loops.hpp"

namespace regstream::cli {

/// Each workflow's way from its broker, which is on the first loop, to its streams on all of them.
class WorkflowGateways {
 public:
  explicit WorkflowGateways(net::Loops& loops) : loops_(loops) {}

  /// Streams are counted together (`streams.streams`): each takes a descriptor, whichever
  /// workflow's it is.
  void add(std::unique_ptr<broker::Broker> broker, const hub::StreamPumpOptions& streams);
  /// Adds the streams to each loop, and the routes that publish to the first.
  void add_to(ServingLoops& serving, bool with_publish_routes);

  [[nodiscard]] broker::Broker& registration() const { return *brokers_.front(); }
  [[nodiscard]] std::vector<broker::Broker*> brokers() const;
  /// Those of one loop, to be called on its thread.
  [[nodiscard]] std::vector<gateway::Gateway*> gateways(std::size_t loop) const;
  /// On the loop's thread.
  [[nodiscard]] std::vector<gateway::StreamFacts> facts(std::size_t loop) const;
  [[nodiscard]] bool is_connected() const;

 private:
  net::Loops& loops_;
  std::vector<std::unique_ptr<broker::Broker>> brokers_;
  std::vector<std::unique_ptr<broker::HistoryRelay>> relays_;  // None where there is one loop.
  std::vector<std::vector<std::unique_ptr<gateway::Gateway>>> gateways_;  // Of each, by loop.
  std::vector<std::unique_ptr<gateway::PublishRoute>> publish_routes_;
};

/// Asks each loop for what both know of it.
[[nodiscard]] gateway::AskLoops ask_loops(ServingLoops& serving, const WorkflowGateways& workflows);

}  // namespace regstream::cli
