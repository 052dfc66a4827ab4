#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/resp.hpp"

namespace regstream::broker {

/// Asks the server behind each new connection what an operator should know of it, and says in the
/// log what should be otherwise. By INFO, which managed servers allow as well, and which shows no
/// secrets as CONFIG does. A Redis that forbids it is no trouble: then there is less to tell.
class ServerCheck {
 public:
  /// `address` is for people.
  explicit ServerCheck(std::string address) : address_(std::move(address)) {}

  /// What to ask as soon as there is a connection; `on_answer` for each.
  [[nodiscard]] static std::vector<Command> questions();
  void on_connected();
  void on_answer(const redisReply& reply);

  /// The history was read to its end: it is this server's.
  void on_history_read() { run_id_of_history_ = run_id_; }
  /// What may have become of the history that was read before, as far as the answers tell: the
  /// beginning of a sentence, "Redis was flushed, …".
  [[nodiscard]] std::string loss_reason() const;

  /// "noeviction", say. Empty: not known.
  [[nodiscard]] const std::string& maxmemory_policy() const { return maxmemory_policy_; }

 private:
  void on_maxmemory_policy(std::string_view policy);

  std::string address_;
  std::string maxmemory_policy_;
  std::string warned_policy_;  // Said already.
  std::string run_id_;         // Random, of each start of a server (INFO).
  std::string run_id_of_history_;
};

}  // namespace regstream::broker
