#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/guard.hpp"
#include "access/policy.hpp"
#include "access/remote_policy.hpp"
#include "access/token_limits.hpp"
#include "gateway/loop_facts.hpp"
#include "net/loops.hpp"
#include "net/router.hpp"
#include "net/server.hpp"

namespace regstream::cli {

/// Accepts and routes requests: a server with its router and its guard on each loop, all at one
/// address.
class ServingLoops {
 public:
  /// Starts to listen. `options` are for each loop's server. A client's connections are counted
  /// over all servers. `policy` is the first loop's. All arguments must outlive this, and `loops`
  /// must outlive its handlers. Throws as `net::Server` does.
  ServingLoops(net::Loops& loops, const net::ServerOptions& options, access::Policy& policy,
               access::TokenLimits& limits);
  ServingLoops(const ServingLoops&) = delete;
  ServingLoops& operator=(const ServingLoops&) = delete;
  ~ServingLoops();

  [[nodiscard]] net::Loops& loops() { return loops_; }
  [[nodiscard]] net::Router& router(std::size_t loop);
  [[nodiscard]] const access::Guard& guard(std::size_t loop) const;
  [[nodiscard]] std::string url() const;

  /// From now on the other loops forward requests that they have no route for, which is everything
  /// except streams, to the first one. Call it when the first loop has its routes.
  void forward_to_first();

  /// Call it on the loop's thread. The result has no facts about workflows, which this class
  /// doesn't know.
  [[nodiscard]] gateway::LoopFacts facts(std::size_t loop) const;

  /// Calls `net::Server::stop` on each loop, and `stopped` on the first one when all have stopped.
  /// Call it on the first loop.
  void stop(std::function<void()> stopped);

 private:
  struct Loop;

  net::Loops& loops_;
  std::vector<std::unique_ptr<Loop>> serving_;
  std::function<void()> stopped_;
  std::size_t running_;  // Servers that have not stopped yet.
};

}  // namespace regstream::cli
