#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <regstream/broker/broker.hpp>
#include <regstream/message/status.hpp>

namespace regstream {

/// Says what happens to a registration. Thread-safe, like its broker.
///
/// What can't be an update is the caller's mistake, and throws std::invalid_argument with one
/// sentence: an id or a time out of range, a stage without a name, a status that is not final, text
/// that is not JSON of its kind, and whatever else subscribers would not take in; their own decoder
/// decides.
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

  /// A stage started, or ended. The registration is PENDING meanwhile.
  void publishStageUpdate(std::int64_t registration_id, std::string_view stage,
                          StageStatus stage_status, std::string_view message,
                          broker::PublishHandler done = {}, std::string key = {});

  /// Validation has ended, or a later step changed its outcome. `details` is the JSON text of an
  /// object and `process_log` of an array; empty leaves them out.
  void publishFinalStatus(std::int64_t registration_id, Status status, std::string_view message,
                          std::string_view details = {}, std::string_view process_log = {},
                          broker::PublishHandler done = {}, std::string key = {});

 private:
  broker::Broker& broker_;
  TimestampSource now_timestamp_ms_;
};

}  // namespace regstream
