#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/redis_options.hpp>

#include "access/ticket_store.hpp"

namespace regstream::access {

/// Tickets in Redis, under `{<channel>}:ticket:<name>`: any gateway accepts them, and one accepts
/// each of them once, since it is read and deleted in one step. By a connection of its own, so that
/// no ticket waits behind a page of the history, and that comes back by itself. While it is away,
/// and where Redis refuses, the store is away.
class RedisTicketStore final : public TicketStore {
 public:
  RedisTicketStore(boost::asio::io_context& context, const broker::RedisOptions& options);
  ~RedisTicketStore() override;

  void keep(const Workflow& workflow, const std::string& name, std::string sealed,
            KeptHandler done) override;
  void redeem(const Workflow& workflow, const std::string& name, RedeemHandler done) override;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace regstream::access
