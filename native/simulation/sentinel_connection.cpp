#include "simulation/sentinel_connection.hpp"

#include <utility>

namespace regstream::simulation {

SentinelConnection::SentinelConnection(World& world, RedisServers& servers,
                                       broker::RedisAddress address, Duration delay_max,
                                       Handlers handlers)
    : servers_(servers),
      address_(std::move(address)),
      handlers_(std::move(handlers)),
      there_(std::make_shared<Line>(world, delay_max)),
      back_(std::make_shared<Line>(world, delay_max)) {
  // A reply arrives only while `this` exists.
  there_->send([this, back = back_] {
    if (servers_.is_sentinel_up(address_)) {
      back->send([this] { handlers_.on_ready(); });
    } else {
      back->send([this] { handlers_.on_end({broker::RedisFailureKind::refused, "refused"}); });
    }
  });
}

SentinelConnection::~SentinelConnection() {
  there_->cut();
  back_->cut();
}

void SentinelConnection::send() {
  there_->send([this, back = back_] {
    if (!servers_.is_sentinel_up(address_)) {
      return;
    }
    const broker::ServerLocation found = servers_.ask_sentinel(address_);
    const auto reply = [this, &back](broker::ServerLocation part) {
      back->send([this, part = std::move(part)]() mutable { handlers_.on_reply(std::move(part)); });
    };
    reply({.primary = found.primary, .config_epoch = {}, .others = {}});
    reply({.primary = {}, .config_epoch = found.config_epoch, .others = {}});
    reply({.primary = {}, .config_epoch = {}, .others = found.others});
  });
}

void SentinelConnection::break_off() {
  handlers_.on_end({broker::RedisFailureKind::lost, "lost the sentinel"});
}

void SentinelConnection::stall(Duration span) {
  there_->stall(span);
  back_->stall(span);
}

}  // namespace regstream::simulation
