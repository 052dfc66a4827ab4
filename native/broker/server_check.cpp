#include "broker/server_check.hpp"

#include <cstddef>

#include "log/log.hpp"

namespace regstream::broker {
namespace {

constexpr std::string_view harmless_policy = "noeviction";

/// The value of a line "name:value" of INFO's answer; empty if there is none.
std::string_view info_field(std::string_view info, std::string_view name) {
  const std::size_t begin = info.find("\n" + std::string{name} + ":");
  if (begin == std::string_view::npos) {
    return {};
  }
  const std::string_view value = info.substr(begin + name.size() + 2);
  return value.substr(0, value.find_first_of("\r\n"));
}

}  // namespace

void ServerCheck::on_connected() {
  is_asked_ = false;
  maxmemory_policy_.clear();
  run_id_.clear();
  deployments_.on_connected();
}

std::vector<Command> ServerCheck::questions(Instant now) {
  std::vector<Command> questions;
  if (!std::exchange(is_asked_, true)) {
    questions = {{"INFO", "server"}, {"INFO", "memory"}};
  }
  if (now >= deployments_.next_deadline()) {
    deployments_.on_asked(now);
    const std::vector<Command> more = deployments_.questions();
    questions.insert(questions.end(), more.begin(), more.end());
  }
  return questions;
}

void ServerCheck::on_answer(const redisReply& reply) {
  deployments_.on_answer(reply);
  if (reply.type != REDIS_REPLY_STRING) {
    return;
  }
  const std::string_view info = reply_text(reply);
  if (const auto run_id = info_field(info, "run_id"); !run_id.empty()) {
    run_id_ = run_id;
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
  if (run_id_.empty() || run_id_of_history_.empty()) {
    return "Redis was flushed, evicted it, or came back without its data or with older data";
  }
  if (run_id_ != run_id_of_history_) {
    return "Redis was started again, or another server took its place, and its last data may be "
           "lost";
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
