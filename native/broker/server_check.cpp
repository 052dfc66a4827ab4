#include "broker/server_check.hpp"

#include <charconv>
#include <cstddef>
#include <system_error>

#include "log/log.hpp"

namespace regstream::broker {
namespace {

constexpr std::string_view harmless_policy = "noeviction";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc{} && end == text.data() + text.size();
  return is_number ? std::optional{value} : std::nullopt;
}

}  // namespace

void ServerCheck::on_connected(std::string address) {
  address_ = std::move(address);
  maxmemory_policy_.clear();
  memory_used_.reset();
  memory_max_.reset();
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
  on_replication(info);
  on_memory(info);
}

/// A primary whose last replica was gone for long gets another id, and is still the same server. A
/// promotion leaves a second id.
void ServerCheck::on_replication(std::string_view info) {
  const auto id = info_field(info, "master_replid");
  if (id.empty()) {
    return;
  }
  const auto second = info_field(info, "master_replid2");
  const bool was_promoted = second.find_first_not_of('0') != std::string_view::npos;
  if (server_.run_id == of_history_.run_id && info_field(info, "role") == "master" &&
      !was_promoted) {
    of_history_.replication_id = id;
  }
  server_.replication_id = id;
}

void ServerCheck::on_memory(std::string_view info) {
  if (const auto policy = info_field(info, "maxmemory_policy"); !policy.empty()) {
    memory_used_ = number(info_field(info, "used_memory"));
    memory_max_ = number(info_field(info, "maxmemory"));
    on_maxmemory_policy(policy);
  }
}

std::optional<bool> ServerCheck::evicts() const {
  return maxmemory_policy_.empty() ? std::nullopt
                                   : std::optional{maxmemory_policy_ != harmless_policy};
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
    return "Redis was flushed, evicted the history, or came back without its data or with older "
           "data";
  }
  if (server_.run_id != of_history_.run_id) {
    return "Redis was restarted, or another server took its place, and its latest data may be lost";
  }
  if (server_.replication_id != of_history_.replication_id) {
    return "Redis was demoted or promoted (a failover), and has another server's data, or lacks "
           "its latest data";
  }
  std::string reason =
      "Redis was flushed, or someone deleted or replaced the history, or deleted the key beside it "
      "that names its server";
  if (maxmemory_policy_ != harmless_policy) {
    reason += ", or it was evicted (maxmemory-policy " +
              (maxmemory_policy_.empty() ? "is not known" : maxmemory_policy_) + ')';
  }
  return reason;
}

}  // namespace regstream::broker
