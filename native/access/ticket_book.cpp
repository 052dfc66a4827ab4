#include "access/ticket_book.hpp"

#include <iterator>
#include <utility>

#include "broker/monotonic_clock.hpp"

namespace regstream::access {

std::optional<Duration> TicketBook::keep(std::string name, std::string sealed, Instant now) {
  while (!order_.empty() && order_.front().ends <= now) {
    remove(order_.begin());
  }
  if (const auto known = places_.find(name); known != places_.end()) {
    remove(known->second);
  }
  const std::size_t bytes = name.size() + sealed.size();
  if (order_.size() >= limits_.tickets_max || bytes_ + bytes > limits_.tickets_bytes_max) {
    return order_.empty() ? ticket_lifetime : order_.front().ends - now;
  }
  bytes_ += bytes;
  order_.push_back(
      {.name = std::move(name), .sealed = std::move(sealed), .ends = now + ticket_lifetime});
  places_.emplace(order_.back().name, std::prev(order_.end()));
  return std::nullopt;
}

std::optional<std::string> TicketBook::redeem(const std::string& name, Instant now) {
  const auto found = places_.find(name);
  if (found == places_.end()) {
    return std::nullopt;
  }
  const bool counts = now < found->second->ends;
  std::string sealed = remove(found->second);
  return counts ? std::optional{std::move(sealed)} : std::nullopt;
}

std::string TicketBook::remove(Place ticket) {
  bytes_ -= ticket->name.size() + ticket->sealed.size();
  places_.erase(ticket->name);
  std::string sealed = std::move(ticket->sealed);
  order_.erase(ticket);
  return sealed;
}

void EmbeddedTicketStore::keep(const Workflow& /*workflow*/, const std::string& name,
                               std::string sealed, KeepHandler done) {
  const auto wait = book_.keep(name, std::move(sealed), broker::monotonic_now());
  done(wait ? KeepResult{StoreFull{*wait}} : KeepResult{TicketKept{}});
}

void EmbeddedTicketStore::redeem(const Workflow& /*workflow*/, const std::string& name,
                                 RedeemHandler done) {
  auto sealed = book_.redeem(name, broker::monotonic_now());
  done(sealed ? RedeemResult{*std::move(sealed)} : RedeemResult{NoTicket{}});
}

}  // namespace regstream::access
