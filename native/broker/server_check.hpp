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

/// Asks the server behind a connection what an operator should know of it, and says in the log what
/// should be otherwise. By INFO, which managed servers allow as well, and which shows no
/// secrets as CONFIG does. A Redis that forbids it is no trouble: then there is less to tell.
class ServerCheck {
 public:
  /// `address` is for people.
  explicit ServerCheck(std::string address) : address_(std::move(address)) {}

  void on_connected(std::string address);
  /// `on_answer` takes the answer to each.
  [[nodiscard]] static std::array<Command, replies_to(Question::server)> questions();
  void on_answer(const redisReply& reply);

  /// All of the history was read, and is followed from now on: it is this server's.
  void on_caught_up() { of_history_ = server_; }
  /// What may have become of the history that was read before, as far as the answers tell: the
  /// beginning of a sentence, "Redis was flushed, …".
  [[nodiscard]] std::string loss_reason() const;

  /// "noeviction", say. Empty: not known.
  [[nodiscard]] const std::string& maxmemory_policy() const { return maxmemory_policy_; }
  /// Whether it takes keys away when its memory is full. Empty: not known.
  [[nodiscard]] std::optional<bool> evicts() const;
  /// Bytes, when it was last asked. Empty: not known.
  [[nodiscard]] std::optional<std::uint64_t> memory_used() const { return memory_used_; }
  /// Bytes; 0 where there is no limit. Empty: not known.
  [[nodiscard]] std::optional<std::uint64_t> memory_max() const { return memory_max_; }

 private:
  /// Whose data these are (INFO). Empty: not known.
  struct Identity {
    std::string run_id;          ///< Random, of each start of a server.
    std::string replication_id;  ///< Random, of each server whose writes are replicated.
  };

  void on_memory(std::string_view info);
  void on_maxmemory_policy(std::string_view policy);
  void on_replication(std::string_view info);

  std::string address_;
  std::string maxmemory_policy_;
  std::optional<std::uint64_t> memory_used_;
  std::optional<std::uint64_t> memory_max_;
  std::string warned_policy_;  // Said already.
  Identity server_;
  Identity of_history_;  // What it was when the history was last followed.
};

}  // namespace regstream::broker
