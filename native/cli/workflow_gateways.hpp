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

/// Connects each workflow's broker, which is on the first loop, with its streams on all loops.
class WorkflowGateways {
 public:
  explicit WorkflowGateways(net::Loops& loops) : loops_(loops) {}

  /// Streams of all workflows are counted together (`streams.streams`), because each needs a
  /// descriptor.
  void add(std::unique_ptr<broker::Broker> broker, const hub::StreamPumpOptions& streams);
  /// Adds the routes of the streams to each loop, and the routes that publish to the first one.
  void add_to(ServingLoops& serving, bool with_publish_routes);

  [[nodiscard]] broker::Broker& registration() const { return *brokers_.front(); }
  [[nodiscard]] std::vector<broker::Broker*> brokers() const;
  /// The gateways of one loop. Call them on its thread.
  [[nodiscard]] std::vector<gateway::Gateway*> gateways(std::size_t loop) const;
  /// Call it on the loop's thread.
  [[nodiscard]] std::vector<gateway::StreamFacts> facts(std::size_t loop) const;
  [[nodiscard]] bool is_connected() const;

 private:
  net::Loops& loops_;
  std::vector<std::unique_ptr<broker::Broker>> brokers_;
  std::vector<std::unique_ptr<broker::HistoryRelay>> relays_;  // None if there is only one loop.
  std::vector<std::vector<std::unique_ptr<gateway::Gateway>>>
      gateways_;  // For each workflow, by loop.
  std::vector<std::unique_ptr<gateway::PublishRoute>> publish_routes_;
};

/// Asks each loop for the facts that both know.
[[nodiscard]] gateway::AskLoops ask_loops(ServingLoops& serving, const WorkflowGateways& workflows);

}  // namespace regstream::cli
