#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/history/history_command.hpp"
#include "broker/resp.hpp"

namespace regstream::broker {

/// Notices gateways of another deployment on the same Redis: each deployment would show the other's
/// updates. Any number of gateways may share one Redis, so only a name distinguishes deployments
/// (`RedisOptions::deployment`). One without a name differs from all that have one. Sans-I/O.
///
/// Each gateway regularly adds its name to a short stream (`ScriptLink::deployments_interval`), and
/// reads the names that others added within a minute, by Redis's clock. So each side notices the
/// other, no gateway has to sign off, and no further permissions are needed. If Redis refuses, the
/// next interval tries again.
class DeploymentWatch {
 public:
  /// The stream's maximum length. Normally it is twice what a minute brings: three entries per
  /// gateway.
  static constexpr std::size_t entries_max = 10'000;
  /// The maximum of `others`. More are ignored.
  static constexpr std::size_t others_max = 16;

  /// `key`: the stream in which gateways add their deployment's name.
  DeploymentWatch(std::string name, std::string address, std::string key)
      : name_(std::move(name)), address_(std::move(address)), key_(std::move(key)) {}

  [[nodiscard]] std::array<Command, replies_to(Question::deployments)> questions() const;
  /// Connected to a Redis at `address`, perhaps another one. Forgets what was read before.
  void on_connected(std::string address);
  /// Handles the answer to each question, errors too. Skips entries that no gateway wrote, and
  /// invalid names (`is_deployment_name`).
  void on_answer(const redisReply& reply);

  /// The names of other deployments of the last minute, in order. "": one without a name.
  [[nodiscard]] const std::vector<std::string>& others() const { return others_; }

 private:
  std::string name_;
  std::string address_;
  std::string key_;
  std::size_t kept_ = entries_max;  // Entries to keep in the stream. Initially nothing of others is
                                    // cut.
  std::vector<std::string> others_;
  std::vector<std::string> warned_;
};

}  // namespace regstream::broker
