#include <regstream/publisher/publisher.hpp>

#include <chrono>
#include <utility>

#include <regstream/publisher/update_message.hpp>

namespace regstream {
namespace {

std::int64_t system_timestamp_ms() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Publisher::Publisher(broker::Broker& broker) : Publisher(broker, system_timestamp_ms) {}

Publisher::Publisher(broker::Broker& broker, TimestampSource now_timestamp_ms)
    : broker_(broker), now_timestamp_ms_(std::move(now_timestamp_ms)) {}

void Publisher::publishStageUpdate(const InstanceId& id, std::string_view stage,
                                   StageStatus stage_status, std::string_view message,
                                   broker::PublishHandler done, std::string key) {
  broker_.publish(
      make_stage_update(broker_.workflow(), id, stage, stage_status, message, now_timestamp_ms_()),
      std::move(key), std::move(done));
}

void Publisher::publishFinalStatus(const InstanceId& id, std::string_view status,
                                   std::string_view message, std::string_view details,
                                   std::string_view process_log, broker::PublishHandler done,
                                   std::string key) {
  broker_.publish(make_final_status(broker_.workflow(), id, status, message, details, process_log,
                                    now_timestamp_ms_()),
                  std::move(key), std::move(done));
}

void Publisher::publishFinalStatus(const InstanceId& id, Status status, std::string_view message,
                                   std::string_view details, std::string_view process_log,
                                   broker::PublishHandler done, std::string key) {
  publishFinalStatus(id, to_string(status), message, details, process_log, std::move(done),
                     std::move(key));
}

}  // namespace regstream
