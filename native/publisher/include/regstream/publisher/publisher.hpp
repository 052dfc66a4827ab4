#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <regstream/broker/broker.hpp>
#include <regstream/message/status.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream {

/// Says what happens to a registration, or to an instance of any other workflow: its broker's.
/// Thread-safe, like its broker.
///
/// What can't be an update is the caller's mistake, and throws std::invalid_argument with one
/// sentence: an id of another kind or out of range, a time out of range, a stage without a name, a
/// status that the workflow does not declare as final, text that is not JSON of its kind, and
/// whatever else subscribers would not take in; their own decoder decides.
///
/// `done` hears the id that the update got in the history, or why it got none; it is called on the
/// broker's thread. Two updates with one idempotency `key` are one: after an error, or a crash, the
/// same update may be published again with the same key, however far the first attempt got.
///
/// The two functions bear the contract's names, so that a reader of either finds the other.
class Publisher {
 public:
  /// Calendar time in milliseconds since the Unix epoch.
  using TimestampSource = std::function<std::int64_t()>;

  /// `broker` must outlive the publisher.
  explicit Publisher(broker::Broker& broker);
  Publisher(broker::Broker& broker, TimestampSource now_timestamp_ms);

  /// A stage started, or ended. Its instance has the workflow's `stage_update_status` meanwhile (a
  /// registration is PENDING). Stages that are not declared are allowed.
  void publishStageUpdate(const InstanceId& id, std::string_view stage, StageStatus stage_status,
                          std::string_view message, broker::PublishHandler done = {},
                          std::string key = {});

  /// It has ended, or a later step changed its outcome. `details` is the JSON text of an
  /// object and `process_log` of an array; empty leaves them out.
  void publishFinalStatus(const InstanceId& id, std::string_view status, std::string_view message,
                          std::string_view details = {}, std::string_view process_log = {},
                          broker::PublishHandler done = {}, std::string key = {});
  /// Of a registration.
  void publishFinalStatus(const InstanceId& id, Status status, std::string_view message,
                          std::string_view details = {}, std::string_view process_log = {},
                          broker::PublishHandler done = {}, std::string key = {});

 private:
  broker::Broker& broker_;
  TimestampSource now_timestamp_ms_;
};

}  // namespace regstream
