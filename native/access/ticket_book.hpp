#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include <regstream/time.hpp>

#include "access/access_limits.hpp"
#include "access/ticket_store.hpp"

namespace regstream::access {

/// Tickets in this process's memory. Sans-I/O. When it is full, new tickets are refused: nobody's
/// tickets push out those of others.
class TicketBook {
 public:
  explicit TicketBook(const AccessLimits& limits = access_limits) : limits_(limits) {}

  /// Keeps a ticket. Empty: it is kept. Otherwise the book is full, until the oldest ticket expires
  /// after this time or is redeemed.
  [[nodiscard]] std::optional<Duration> keep(std::string name, std::string sealed, Instant now);
  /// Redeems a ticket: returns the sealed token once. Empty: the name is unknown, redeemed, or
  /// expired.
  [[nodiscard]] std::optional<std::string> redeem(const std::string& name, Instant now);

  [[nodiscard]] std::size_t size() const { return order_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Ticket {
    std::string name;
    std::string sealed;
    Instant ends;
  };
  using Place = std::list<Ticket>::iterator;

  std::string remove(Place ticket);

  AccessLimits limits_;
  std::list<Ticket> order_;  // The oldest first.
  std::unordered_map<std::string, Place> places_;
  std::size_t bytes_ = 0;
};

/// The store of a gateway with an embedded broker.
class EmbeddedTicketStore final : public TicketStore {
 public:
  void keep(const Workflow& workflow, const std::string& name, std::string sealed,
            KeepHandler done) override;
  void redeem(const Workflow& workflow, const std::string& name, RedeemHandler done) override;

 private:
  TicketBook book_;
};

}  // namespace regstream::access
