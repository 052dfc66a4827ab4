#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <regstream/broker/broker.hpp>
#include <regstream/message/status.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream {

/// Publishes what happens to a registration, or to an instance of another workflow: that of its
/// broker. Thread-safe, like its broker.
///
/// Arguments that can't make an update throw std::invalid_argument with one sentence: an id of the
/// wrong kind or out of range, a time out of range, a stage without a name, a status that the
/// workflow does not declare as final, details or a process log that is not JSON of the right kind,
/// and anything else that the subscribers' decoder refuses.
///
/// `done` gets the update's id in the history, or the reason why it has none; it is called on the
/// broker's thread. Two updates with the same idempotency `key` are one: after an error or a crash,
/// publish the same update again with the same key, however far the first attempt got.
///
/// The two functions have the names of the contract, so that a reader of either finds the other.
class Publisher {
 public:
  /// Calendar time in milliseconds since the Unix epoch.
  using TimestampSource = std::function<std::int64_t()>;

  /// `broker` must outlive the publisher.
  explicit Publisher(broker::Broker& broker);
  Publisher(broker::Broker& broker, TimestampSource now_timestamp_ms);

  /// Publishes that a stage started or ended. The update has the workflow's `stage_update_status`
  /// (PENDING for registrations). Stages that the workflow doesn't declare are allowed.
  void publishStageUpdate(const InstanceId& id, std::string_view stage, StageStatus stage_status,
                          std::string_view message, broker::PublishHandler done = {},
                          std::string key = {});

  /// Publishes that the instance has ended, or that a later step changed its outcome. `details` is
  /// the JSON text of an object, and `process_log` of an array; empty leaves them out.
  void publishFinalStatus(const InstanceId& id, std::string_view status, std::string_view message,
                          std::string_view details = {}, std::string_view process_log = {},
                          broker::PublishHandler done = {}, std::string key = {});
  /// The same for a registration.
  void publishFinalStatus(const InstanceId& id, Status status, std::string_view message,
                          std::string_view details = {}, std::string_view process_log = {},
                          broker::PublishHandler done = {}, std::string key = {});

 private:
  broker::Broker& broker_;
  TimestampSource now_timestamp_ms_;
};

}  // namespace regstream
