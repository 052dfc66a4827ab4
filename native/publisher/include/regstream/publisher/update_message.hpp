#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <regstream/message/status.hpp>
#include <regstream/workflow/registration.hpp>

/// The JSON texts that `Publisher` publishes, for programs that store them first: for example in an
/// outbox, in the same transaction as the change that the update is about. They throw as
/// `Publisher` does. The functions without a workflow are for registration.
namespace regstream {

[[nodiscard]] std::string make_stage_update(const Workflow& workflow, const InstanceId& id,
                                            std::string_view stage, StageStatus stage_status,
                                            std::string_view message, std::int64_t timestamp_ms);
[[nodiscard]] std::string make_stage_update(std::int64_t registration_id, std::string_view stage,
                                            StageStatus stage_status, std::string_view message,
                                            std::int64_t timestamp_ms);

/// `details` and `process_log` as for `Publisher::publishFinalStatus`.
[[nodiscard]] std::string make_final_status(const Workflow& workflow, const InstanceId& id,
                                            std::string_view status, std::string_view message,
                                            std::string_view details, std::string_view process_log,
                                            std::int64_t timestamp_ms);
[[nodiscard]] std::string make_final_status(std::int64_t registration_id, Status status,
                                            std::string_view message, std::string_view details,
                                            std::string_view process_log,
                                            std::int64_t timestamp_ms);

/// What an id of the workflow must be, as the end of a sentence.
[[nodiscard]] std::string_view id_expected(const Workflow& workflow);
/// Whether `id` is an id of the workflow.
[[nodiscard]] bool is_id(const Workflow& workflow, const InstanceId& id);

}  // namespace regstream
