#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace regstream {

/// Where a registration stands. Deployments may use others: those are `other`, kept by name.
enum class Status : std::uint8_t {
  pending,    ///< Submitted, or being validated.
  approved,   ///< Validated; a scheduled job will create the mobile user.
  duplicate,  ///< The customer exists and nothing differs.
  failed,     ///< No accounts were found, or an error stopped validation.
  completed,  ///< A duplicate whose data was updated, or an approved one whose user exists.
  other,      ///< A name this version does not know; not final.
};

/// The wire name ("PENDING"); empty for `other`.
[[nodiscard]] std::string_view to_string(Status status);
[[nodiscard]] Status parse_status(std::string_view name);

/// True where validation has ended.
[[nodiscard]] constexpr bool is_final(Status status) {
  return status == Status::approved || status == Status::duplicate || status == Status::failed ||
         status == Status::completed;
}

/// How far one stage has come.
enum class StageStatus : std::uint8_t { started, completed, failed, skipped };

/// The wire name ("started").
[[nodiscard]] std::string_view to_string(StageStatus status);
[[nodiscard]] std::optional<StageStatus> parse_stage_status(std::string_view name);

/// The contract's rule for publishers that send no `stageStatus`: a message with the word "started"
/// means started; anything else means completed.
[[nodiscard]] StageStatus infer_stage_status(std::string_view message);

}  // namespace regstream
