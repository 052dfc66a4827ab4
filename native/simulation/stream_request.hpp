#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/workflow/workflow.hpp>

namespace regstream::simulation {

/// What a client asks a gateway for, its instances by their numbers, in order.
struct StreamRequest {
  std::vector<std::int64_t> ids;  ///< None: every instance.
  std::vector<std::int64_t> snapshots;
  bool until_final = false;
  bool is_poll = false;
  std::string cursor;
  std::uint64_t token = 0;  ///< Its number (`Issuer`); 0: none.
};

/// Reads a session's query. Throws `Violation` unless it says nothing but what the contract knows,
/// of instances of the run.
[[nodiscard]] StreamRequest read_stream_request(std::string_view query, std::string_view cursor,
                                                const Workflow& workflow);

}  // namespace regstream::simulation
