#include "cli/workflow_gateways.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace regstream::cli {

void WorkflowGateways::add(std::unique_ptr<broker::Broker> broker, hub::StreamPumpOptions streams) {
  const std::size_t index = gateways_.size();
  streams.streams_elsewhere = [this, index] {
    std::size_t count = 0;
    for (std::size_t other = 0; other < gateways_.size(); ++other) {
      count += other == index ? 0 : gateways_[other]->pump().hub().subscriptions();
    }
    return count;
  };
  brokers_.push_back(std::move(broker));
  gateways_.push_back(
      std::make_unique<gateway::Gateway>(context_, *brokers_.back(), std::move(streams)));
  publish_routes_.push_back(std::make_unique<gateway::PublishRoute>(
      context_, *brokers_.back(), gateway::PublishRoute::Options{}));
}

void WorkflowGateways::add_to(net::Router& router, const access::Guard& guard,
                              bool with_publish_routes) {
  for (const auto& gateway : gateways_) {
    gateway->add_to(router, guard);
  }
  for (const auto& route : publish_routes_) {
    if (with_publish_routes) {
      route->add_to(router, guard);
    }
  }
}

std::vector<gateway::Gateway*> WorkflowGateways::gateways() const {
  std::vector<gateway::Gateway*> gateways;
  for (const auto& gateway : gateways_) {
    gateways.push_back(gateway.get());
  }
  return gateways;
}

bool WorkflowGateways::is_connected() const {
  return std::all_of(brokers_.begin(), brokers_.end(),
                     [](const auto& broker) { return broker->is_connected(); });
}

}  // namespace regstream::cli
