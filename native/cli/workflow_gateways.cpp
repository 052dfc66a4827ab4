#include "cli/workflow_gateways.hpp"

#include <algorithm>
#include <utility>

namespace regstream::cli {

void WorkflowGateways::add(std::unique_ptr<broker::Broker> broker,
                           const hub::StreamPumpOptions& streams) {
  brokers_.push_back(std::move(broker));
  broker::HistoryRelay* relay = nullptr;
  if (loops_.size() > 1) {
    std::vector<boost::asio::io_context*> contexts;
    for (std::size_t loop = 0; loop < loops_.size(); ++loop) {
      contexts.push_back(&loops_[loop]);
    }
    relays_.push_back(std::make_unique<broker::HistoryRelay>(*brokers_.back(), contexts));
    relay = relays_.back().get();
  }
  auto& gateways = gateways_.emplace_back();
  for (std::size_t loop = 0; loop < loops_.size(); ++loop) {
    hub::StreamPumpOptions own = streams;
    own.seed += loop;
    gateways.push_back(std::make_unique<gateway::Gateway>(
        loops_[loop], relay == nullptr ? *brokers_.back() : relay->feed(loop), std::move(own),
        gateway::LoopPlace{.index = loop, .count = loops_.size()}));
  }
  publish_routes_.push_back(std::make_unique<gateway::PublishRoute>(
      loops_.first(), *brokers_.back(), gateway::PublishRoute::Options{}));
}

void WorkflowGateways::add_to(ServingLoops& serving, bool with_publish_routes) {
  for (std::size_t loop = 0; loop < loops_.size(); ++loop) {
    for (gateway::Gateway* const gateway : gateways(loop)) {
      gateway->add_to(serving.router(loop), serving.guard(loop));
    }
  }
  for (const auto& route : publish_routes_) {
    if (with_publish_routes) {
      route->add_to(serving.router(0), serving.guard(0));
    }
  }
}

std::vector<broker::Broker*> WorkflowGateways::brokers() const {
  std::vector<broker::Broker*> brokers;
  for (const auto& broker : brokers_) {
    brokers.push_back(broker.get());
  }
  return brokers;
}

std::vector<gateway::Gateway*> WorkflowGateways::gateways(std::size_t loop) const {
  std::vector<gateway::Gateway*> gateways;
  for (const auto& of_workflow : gateways_) {
    gateways.push_back(of_workflow[loop].get());
  }
  return gateways;
}

std::vector<gateway::StreamFacts> WorkflowGateways::facts(std::size_t loop) const {
  std::vector<gateway::StreamFacts> facts;
  for (const gateway::Gateway* const gateway : gateways(loop)) {
    facts.push_back(gateway::read_facts(gateway->pump()));
  }
  return facts;
}

bool WorkflowGateways::is_connected() const {
  return std::all_of(brokers_.begin(), brokers_.end(),
                     [](const auto& broker) { return broker->is_connected(); });
}

gateway::AskLoops ask_loops(ServingLoops& serving, const WorkflowGateways& workflows) {
  return [&serving, &workflows](std::function<void(const gateway::LoopFacts&)> then) {
    serving.loops().ask_each(
        [&serving, &workflows](std::size_t loop) {
          gateway::LoopFacts facts = serving.facts(loop);
          facts.workflows = workflows.facts(loop);
          return facts;
        },
        [then = std::move(then)](std::vector<gateway::LoopFacts> facts) {
          for (std::size_t loop = 1; loop < facts.size(); ++loop) {
            facts.front() += facts[loop];
          }
          then(facts.front());
        });
  };
}

}  // namespace regstream::cli
