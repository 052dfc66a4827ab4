#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/redis_options.hpp>

#include "access/ticket_store.hpp"

namespace regstream::access {

/// Tickets in Redis, under `{<channel>}:ticket:<name>`. Any gateway can redeem a ticket, and only
/// one does, since it is read and deleted in one step. The store has a connection of its own, so
/// that no ticket waits behind a page of the history. It reconnects by itself. While it is
/// disconnected, or Redis refuses, the answer is `StoreAway`.
class RedisTicketStore final : public TicketStore {
 public:
  RedisTicketStore(boost::asio::io_context& context, const broker::RedisOptions& options);
  ~RedisTicketStore() override;

  void keep(const Workflow& workflow, const std::string& name, std::string sealed,
            KeepHandler done) override;
  void redeem(const Workflow& workflow, const std::string& name, RedeemHandler done) override;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::access
