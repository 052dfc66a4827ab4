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

/// Notices that gateways of another deployment use the same Redis: their updates are heard here,
/// and ours there. Any number of gateways may share one Redis, so only a name tells deployments
/// apart (`RedisOptions::deployment`); one without a name differs from all that have one. Sans-I/O.
///
/// Each gateway adds its name to a short stream, and reads what others have added within a minute,
/// by Redis's clock, as often as `ScriptLink::deployments_interval` says: so each side notices the
/// other, nobody has to leave in order, and it takes no rights that a gateway does not have. What
/// Redis refuses is tried again at the next time.
class DeploymentWatch {
 public:
  /// Of the stream, which is kept twice as long as what a minute brought: three a gateway.
  static constexpr std::size_t entries_max = 10'000;
  /// Of `others`; more are not looked at.
  static constexpr std::size_t others_max = 16;

  /// `key`: where gateways say which deployment they are of.
  DeploymentWatch(std::string name, std::string address, std::string key)
      : name_(std::move(name)), address_(std::move(address)), key_(std::move(key)) {}

  [[nodiscard]] std::array<Command, replies_to(Question::deployments)> questions() const;
  /// It may be another Redis than before, at another address: what was read of the one before is
  /// forgotten.
  void on_connected(std::string address);
  /// For each of the questions; an error, too. What is no gateway's entry is skipped, and so is a
  /// name that no gateway can have (`is_deployment_name`).
  void on_answer(const redisReply& reply);

  /// Names of those that were met within the last minute, in order; one without a name is "".
  [[nodiscard]] const std::vector<std::string>& others() const { return others_; }

 private:
  std::string name_;
  std::string address_;
  std::string key_;
  std::size_t kept_ = entries_max;  // Entries of the stream: at first nothing of others is cut.
  std::vector<std::string> others_;
  std::vector<std::string> warned_;
};

}  // namespace regstream::broker
