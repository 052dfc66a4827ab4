#include "gateway/health_routes.hpp"

#include <cstddef>
#include <memory>
#include <utility>

#include "gateway/moment.hpp"

namespace regstream::gateway {

namespace http = boost::beast::http;

HealthRoutes::HealthRoutes(std::vector<broker::Broker*> brokers, AskLoops ask_loops,
                           HealthOptions options)
    : brokers_(std::move(brokers)),
      ask_loops_(std::move(ask_loops)),
      options_(std::move(options)),
      started_(moment().now),
      started_timestamp_ms_(moment().timestamp_ms) {}

void HealthRoutes::add_probes_to(net::Router& router, const access::Guard& guard) {
  router.add(http::verb::get, paths[0], [this](net::Exchange exchange) {
    // The process works if all loops answer.
    ask_loops_([asked = std::make_shared<net::Exchange>(std::move(exchange))](const LoopFacts&) {
      asked->respond(describe_readiness({}));
    });
  });
  router.add(http::verb::get, paths[1], [this, is_open = guard.is_open()](net::Exchange exchange) {
    read([is_open,
          asked = std::make_shared<net::Exchange>(std::move(exchange))](const ProcessFacts& facts) {
      std::vector<std::string> obstacles = find_obstacles(facts.workflows);
      if (!obstacles.empty() && !is_open) {
        obstacles = {"The gateway is not ready."};
      }
      asked->respond(describe_readiness(obstacles));
    });
  });
}

void HealthRoutes::add_details_to(net::Router& router, const access::Guard& guard) {
  router.add(http::verb::get, paths[2], guard.admit_inspectors([this](net::Exchange exchange) {
    read([asked = std::make_shared<net::Exchange>(std::move(exchange))](const ProcessFacts& facts) {
      asked->respond_json(http::status::ok, describe_health(facts.health, facts.workflows));
    });
  }));
}

void HealthRoutes::read(std::function<void(const ProcessFacts&)> then) const {
  ask_loops_([this, then = std::move(then)](const LoopFacts& loops) {
    const hub::Moment now = moment();
    ProcessFacts facts{.health = {.broker_kind = options_.broker_kind,
                                  .version = options_.version,
                                  .started_timestamp_ms = started_timestamp_ms_,
                                  .uptime = now.now - started_,
                                  .now_timestamp_ms = now.timestamp_ms,
                                  .connections_refused = loops.server.refused},
                       .workflows = {},
                       .loops = loops};
    for (std::size_t index = 0; index < brokers_.size(); ++index) {
      facts.workflows.push_back({*brokers_[index], loops.workflows[index]});
    }
    then(facts);
  });
}

}  // namespace regstream::gateway
