#pragma once

#include <functional>

#include <boost/asio/io_context.hpp>

#include "access/policy.hpp"

namespace regstream::access {

/// A policy that lives on another loop, as it is asked here. Keys, tickets and what counts them are
/// there once: the question goes over, and the decision comes back, so that a ticket is taken once,
/// and a key that was withdrawn verifies nothing that is opened after its streams have ended.
class RemotePolicy final : public Policy {
 public:
  /// `policy` is the one of the loop `there`; requests are those of the loop `here`. All of it must
  /// outlive the last turn of both.
  RemotePolicy(Policy& policy, boost::asio::io_context& there, boost::asio::io_context& here)
      : policy_(policy), there_(there), here_(here) {}

  void authenticate(const net::Request& request, const net::Target& target,
                    const Workflow* ticketed, Handler decided) override;
  void issue_ticket(const net::Request& request, const net::Target& target,
                    const Workflow& workflow, TicketHandler done) override;
  [[nodiscard]] bool is_open() const override { return policy_.is_open(); }

 private:
  /// Calls `handler` with its answer on this loop.
  template <typename Result>
  [[nodiscard]] std::function<void(Result)> bring_back(std::function<void(Result)> handler) const;

  Policy& policy_;
  boost::asio::io_context& there_;
  boost::asio::io_context& here_;
};

}  // namespace regstream::access
