#include "cli/serving_loops.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "net/client_count.hpp"

namespace regstream::cli {

struct ServingLoops::Loop {
  /// `home` is null on the first loop, which owns the policy.
  Loop(boost::asio::io_context& context, boost::asio::io_context* home, access::Policy& policy,
       access::TokenLimits& limits, const net::ServerOptions& options)
      : guard(home == nullptr || policy.is_open() ? policy : remote.emplace(policy, *home, context),
              &limits),
        server(context, router, options) {}

  std::optional<access::RemotePolicy> remote;
  access::Guard guard;
  net::Router router;
  net::Server server;
};

ServingLoops::ServingLoops(net::Loops& loops, const net::ServerOptions& options,
                           access::Policy& policy, access::TokenLimits& limits)
    : loops_(loops), running_(loops.size()) {
  net::ServerOptions own = options;
  own.clients = std::make_shared<net::ClientCounts>(options.limits.connections_per_client_max);
  own.sharing = loops.size() > 1 ? net::PortSharing::first : net::PortSharing::none;
  for (std::size_t loop = 0; loop < loops.size(); ++loop) {
    serving_.push_back(std::make_unique<Loop>(loops[loop], loop == 0 ? nullptr : &loops.first(),
                                              policy, limits, own));
    own.port = serving_.front()->server.port();
    own.sharing = net::PortSharing::next;
  }
}

ServingLoops::~ServingLoops() = default;

net::Router& ServingLoops::router(std::size_t loop) {
  return serving_[loop]->router;
}

const access::Guard& ServingLoops::guard(std::size_t loop) const {
  return serving_[loop]->guard;
}

std::string ServingLoops::url() const {
  return serving_.front()->server.url();
}

void ServingLoops::forward_to_first() {
  for (std::size_t loop = 1; loop < loops_.size(); ++loop) {
    router(loop).forward_to(router(0), loops_.first());
  }
}

gateway::LoopFacts ServingLoops::facts(std::size_t loop) const {
  return {.server = gateway::read_facts(serving_[loop]->server),
          .denials = serving_[loop]->guard.denials(),
          .workflows = {}};
}

void ServingLoops::stop(std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  loops_.on_each([this](std::size_t loop) {
    serving_[loop]->server.stop([this] {
      boost::asio::post(loops_.first(), [this] {
        if (--running_ == 0) {
          stopped_();
        }
      });
    });
  });
}

}  // namespace regstream::cli
