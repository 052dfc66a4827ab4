#include "broker/server_check.hpp"

#include <cstddef>

#include "log/log.hpp"

namespace regstream::broker {
namespace {

constexpr std::string_view harmless_policy = "noeviction";

}  // namespace

void ServerCheck::on_connected(std::string address) {
  address_ = std::move(address);
  maxmemory_policy_.clear();
  server_ = {};
}

std::array<Command, replies_to(Question::server)> ServerCheck::questions() {
  return {{{"INFO", "server"}, {"INFO", "memory"}, {"INFO", "replication"}}};
}

void ServerCheck::on_answer(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_STRING) {
    return;
  }
  const std::string_view info = reply_text(reply);
  if (const auto run_id = info_field(info, "run_id"); !run_id.empty()) {
    server_.run_id = run_id;
  }
  if (const auto id = info_field(info, "master_replid"); !id.empty()) {
    server_.replication_id = id;
  }
  if (const auto policy = info_field(info, "maxmemory_policy"); !policy.empty()) {
    on_maxmemory_policy(policy);
  }
}

void ServerCheck::on_maxmemory_policy(std::string_view policy) {
  maxmemory_policy_ = policy;
  if (policy == harmless_policy) {
    warned_policy_.clear();
  } else if (policy != warned_policy_ &&
             logging::warn("redis evicts",
                           "redis at {} evicts keys when its memory is full (maxmemory-policy {}): "
                           "updates may be lost then, or published twice; set maxmemory-policy {}",
                           address_, policy, harmless_policy)) {
    warned_policy_ = policy;
  }
}

std::string ServerCheck::loss_reason() const {
  if (server_.run_id.empty() || of_history_.run_id.empty()) {
    return "Redis was flushed, evicted it, or came back without its data or with older data";
  }
  if (server_.run_id != of_history_.run_id) {
    return "Redis was started again, or another server took its place, and its last data may be "
           "lost";
  }
  if (server_.replication_id != of_history_.replication_id) {
    return "Redis was made a replica or promoted (a failover), and has another server's data, or "
           "lacks the last of them";
  }
  std::string reason =
      "Redis was flushed, or somebody deleted the history or put another in its place";
  if (maxmemory_policy_ != harmless_policy) {
    reason += ", or it was evicted (maxmemory-policy " +
              (maxmemory_policy_.empty() ? "is not known" : maxmemory_policy_) + ')';
  }
  return reason;
}

}  // namespace regstream::broker
