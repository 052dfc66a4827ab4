#pragma once

#include <functional>

#include <boost/asio/io_context.hpp>

#include "access/policy.hpp"

namespace regstream::access {

/// A policy of another loop, callable on this one. Keys, tickets and their counts exist once, over
/// there: the question is posted there, and the decision back. So a ticket is redeemed once, and no
/// stream opens with a withdrawn key after that key's streams have ended.
class RemotePolicy final : public Policy {
 public:
  /// `policy` belongs to the loop `there`, requests to the loop `here`. All of them must outlive
  /// the last turn of both loops.
  RemotePolicy(Policy& policy, boost::asio::io_context& there, boost::asio::io_context& here)
      : policy_(policy), there_(there), here_(here) {}

  void authenticate(const net::Request& request, const net::Target& target,
                    const Workflow* ticketed, Handler decided) override;
  void issue_ticket(const net::Request& request, const net::Target& target,
                    const Workflow& workflow, TicketHandler done) override;
  [[nodiscard]] bool is_open() const override { return policy_.is_open(); }

 private:
  /// Wraps `handler`, so that it is called on this loop.
  template <typename Result>
  [[nodiscard]] std::function<void(Result)> bring_back(std::function<void(Result)> handler) const;

  Policy& policy_;
  boost::asio::io_context& there_;
  boost::asio::io_context& here_;
};

}  // namespace regstream::access
