#pragma once

#include <string>
#include <variant>

#include <catch2/catch.hpp>

#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/workflow/registration.hpp>

namespace regstream::watch {

/// 2023-12-13T18:43:20Z.
inline constexpr std::int64_t begin_ms = 1'702'493'000'000;

/// A message of the channel; `members` are those besides the id.
inline Update update_of(std::int64_t registration_id, const std::string& members) {
  const auto decoded = decode_update(R"({"registrationId":)" + std::to_string(registration_id) +
                                     "," + members + "}");
  REQUIRE(std::holds_alternative<Update>(decoded));
  return std::get<Update>(decoded);
}

/// A stage update of a publisher, `offset_ms` after `begin_ms`.
inline std::string stage_members(const std::string& stage, const std::string& stage_status,
                                 std::int64_t offset_ms, const std::string& message) {
  return R"("status":"PENDING","stage":")" + stage + R"(","stageStatus":")" + stage_status +
         R"(","timestamp":)" + std::to_string(begin_ms + offset_ms) + R"(,"message":")" + message +
         R"(")";
}

inline std::string final_members(const std::string& status, std::int64_t offset_ms,
                                 const std::string& message) {
  return R"("status":")" + status + R"(","timestamp":)" + std::to_string(begin_ms + offset_ms) +
         R"(,"message":")" + message + R"(")";
}

}  // namespace regstream::watch
