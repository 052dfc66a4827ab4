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

/// What accepts and routes requests: a server, its router and its guard on each loop, all of them
/// at one address.
class ServingLoops {
 public:
  /// Listens from now on. `options` are those of each loop's server; a client's connections are
  /// counted on all of them together. `policy` is the first loop's. Everything must outlive this,
  /// and `loops` its handlers. Throws as `net::Server` does.
  ServingLoops(net::Loops& loops, const net::ServerOptions& options, access::Policy& policy,
               access::TokenLimits& limits);
  ServingLoops(const ServingLoops&) = delete;
  ServingLoops& operator=(const ServingLoops&) = delete;
  ~ServingLoops();

  [[nodiscard]] net::Loops& loops() { return loops_; }
  [[nodiscard]] net::Router& router(std::size_t loop);
  [[nodiscard]] const access::Guard& guard(std::size_t loop) const;
  [[nodiscard]] std::string url() const;

  /// The other loops hand over to the first one, from now on, what they have no route for: all but
  /// streams. For when the first one has its routes.
  void forward_to_first();

  /// On the loop's thread. The workflows are not this one's to know.
  [[nodiscard]] gateway::LoopFacts facts(std::size_t loop) const;

  /// `net::Server::stop` on each loop; on the first one, `stopped` is called when all have. Called
  /// on the first.
  void stop(std::function<void()> stopped);

 private:
  struct Loop;

  net::Loops& loops_;
  std::vector<std::unique_ptr<Loop>> serving_;
  std::function<void()> stopped_;
  std::size_t running_;  // Servers.
};

}  // namespace regstream::cli
