#include "broker/history/introductions.hpp"

#include <utility>
#include <variant>

namespace regstream::broker {

void Introductions::begin(LinkRole role) {
  at(role) = {};
  at(role).is_wanted = true;
}

void Introductions::end(LinkRole role) noexcept {
  at(role) = {};
}

std::optional<LinkRole> Introductions::poll() {
  for (std::size_t role = 0; role < introductions_.size(); ++role) {
    if (std::exchange(introductions_.at(role).is_wanted, false)) {
      return static_cast<LinkRole>(role);
    }
  }
  return std::nullopt;
}

Introductions::Outcome Introductions::on_reply(LinkRole role, const HistoryReply& reply) {
  Introduction& introduction = at(role);
  ServerIdentity& told = introduction.told;
  if (const auto* const identity = std::get_if<ServerIdentity>(&reply)) {
    told.run_id += identity->run_id;
    told.replication_id += identity->replication_id;
    told.is_replica |= identity->is_replica;
  }
  if (++introduction.replies < replies_to(Question::identity)) {
    return Outcome::pending;
  }
  if (told.run_id.empty() || told.replication_id.empty()) {
    return Outcome::unnamed;
  }
  if (told.is_replica) {
    return Outcome::replica;
  }
  introduction.server = told.run_id + ' ' + told.replication_id;
  return Outcome::primary;
}

}  // namespace regstream::broker
