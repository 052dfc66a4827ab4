#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/workflow/workflow.hpp>

namespace regstream::simulation {

/// A client's request to a gateway, with the numbers of its instances in ascending order.
struct StreamRequest {
  std::vector<std::int64_t> ids;  ///< None: all instances.
  std::vector<std::int64_t> snapshots;
  bool until_final = false;
  bool is_poll = false;
  std::string cursor;
  std::uint64_t token = 0;  ///< The token's number (`Issuer`); 0: none.
};

/// Reads a session's query. Throws `Violation` if it has anything that the contract doesn't know,
/// or an instance that the run doesn't have.
[[nodiscard]] StreamRequest read_stream_request(std::string_view query, std::string_view cursor,
                                                const Workflow& workflow);

}  // namespace regstream::simulation
