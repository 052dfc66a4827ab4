#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "broker/history/history_command.hpp"
#include "broker/resp.hpp"

namespace regstream::broker {

/// Asks the server what an operator should know about it, and logs problems. It uses INFO, which
/// managed servers allow and which shows no secrets, unlike CONFIG. If Redis forbids INFO, there is
/// less to report.
class ServerCheck {
 public:
  /// `address` is for people.
  explicit ServerCheck(std::string address) : address_(std::move(address)) {}

  void on_connected(std::string address);
  /// Pass the answer to each of them to `on_answer`.
  [[nodiscard]] static std::array<Command, replies_to(Question::server)> questions();
  void on_answer(const redisReply& reply);

  /// The whole history was read and is followed from now on: it is this server's.
  void on_caught_up() { of_history_ = server_; }
  /// Why the earlier history may have ended, as far as the answers tell: the first half of a
  /// sentence, "Redis was flushed, …".
  [[nodiscard]] std::string loss_reason() const;

  /// Such as "noeviction". Empty: not known.
  [[nodiscard]] const std::string& maxmemory_policy() const { return maxmemory_policy_; }
  /// Whether it evicts keys when its memory is full. Empty: not known.
  [[nodiscard]] std::optional<bool> evicts() const;
  /// Bytes, as of the last answer. Empty: not known.
  [[nodiscard]] std::optional<std::uint64_t> memory_used() const { return memory_used_; }
  /// Bytes. 0: no limit. Empty: not known.
  [[nodiscard]] std::optional<std::uint64_t> memory_max() const { return memory_max_; }

 private:
  /// Which server these data belong to (INFO). Empty: not known.
  struct Identity {
    std::string run_id;          ///< Random, new at each start of a server.
    std::string replication_id;  ///< Random, one for each server whose writes are replicated.
  };

  void on_memory(std::string_view info);
  void on_maxmemory_policy(std::string_view policy);
  void on_replication(std::string_view info);

  std::string address_;
  std::string maxmemory_policy_;
  std::optional<std::uint64_t> memory_used_;
  std::optional<std::uint64_t> memory_max_;
  std::string warned_policy_;  // Already logged.
  Identity server_;
  Identity of_history_;  // The server when the history was last followed.
};

}  // namespace regstream::broker
