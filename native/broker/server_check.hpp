#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <regstream/time.hpp>

#include "broker/deployment_watch.hpp"
#include "broker/resp.hpp"

namespace regstream::broker {

/// Asks the server behind each new connection what an operator should know of it, and says in the
/// log what should be otherwise. By INFO, which managed servers allow as well, and which shows no
/// secrets as CONFIG does. A Redis that forbids it is no trouble: then there is less to tell.
class ServerCheck {
 public:
  /// `address` is for people; `deployment`: `RedisOptions::deployment`.
  explicit ServerCheck(const std::string& address, std::string deployment = {})
      : address_(address), deployments_(std::move(deployment), address) {}

  void on_connected();
  /// What to ask now: by INFO once a connection, and for other deployments now and then.
  /// `on_answer` takes the answer to each.
  [[nodiscard]] std::vector<Command> questions(Instant now);
  void on_answer(const redisReply& reply);
  /// When there is something to ask again.
  [[nodiscard]] Instant next_deadline() const { return deployments_.next_deadline(); }

  /// The history was read to its end: it is this server's.
  void on_history_read() { run_id_of_history_ = run_id_; }
  /// What may have become of the history that was read before, as far as the answers tell: the
  /// beginning of a sentence, "Redis was flushed, …".
  [[nodiscard]] std::string loss_reason() const;

  /// "noeviction", say. Empty: not known.
  [[nodiscard]] const std::string& maxmemory_policy() const { return maxmemory_policy_; }
  [[nodiscard]] const DeploymentWatch& deployments() const { return deployments_; }

 private:
  void on_maxmemory_policy(std::string_view policy);

  std::string address_;
  std::string maxmemory_policy_;
  std::string warned_policy_;  // Said already.
  std::string run_id_;         // Random, of each start of a server (INFO).
  std::string run_id_of_history_;
  bool is_asked_ = false;
  DeploymentWatch deployments_;
};

}  // namespace regstream::broker
