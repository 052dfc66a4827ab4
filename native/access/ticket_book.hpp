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

/// Tickets in this process's memory. Sans-I/O. Where there would be too many, the new one is not
/// kept: nobody's tickets push out those of others.
class TicketBook {
 public:
  explicit TicketBook(const AccessLimits& limits = access_limits) : limits_(limits) {}

  /// Nothing: it is kept. Otherwise the oldest one is over after this time, unless it is taken.
  [[nodiscard]] std::optional<Duration> keep(std::string name, std::string sealed, Instant now);
  /// What is kept under the name, once. Nothing: it is unknown, taken, or too old.
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

/// The store of a gateway whose broker is in this process.
class EmbeddedTicketStore final : public TicketStore {
 public:
  void keep(const Workflow& workflow, const std::string& name, std::string sealed,
            KeptHandler done) override;
  void redeem(const Workflow& workflow, const std::string& name, RedeemHandler done) override;

 private:
  TicketBook book_;
};

}  // namespace regstream::access
