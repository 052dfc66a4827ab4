#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <regstream/workflow/workflow.hpp>

/// The query of a stream's request, and how much a server accepts in one.
namespace regstream {

/// The most ids that one stream may follow. For more, open another stream.
inline constexpr std::size_t stream_ids_max = 100;

/// The longest path and query of a request that gateways accept.
inline constexpr std::size_t stream_target_bytes_max = std::size_t{6} << 10U;

/// The longest query that the ids of a stream may take. It leaves room for a path and a
/// `lastEventId`, and is enough for a hundred ids that are numbers, however large.
inline constexpr std::size_t stream_query_bytes_max = stream_target_bytes_max - 256;

/// When a stream is over.
enum class StreamEnd : std::uint8_t {
  never,
  final_status,  ///< The stream ends with the first final status of its one instance
                 ///< (`until=final`).
};

/// Returns the bytes of the longest query that a stream of these ids sends: with all of them in
/// `snapshot`.
[[nodiscard]] std::size_t longest_query_bytes(std::span<const InstanceId> ids,
                                              const Workflow& workflow);

/// Whether one stream can be requested for `ids`; no ids: every instance. Each id must be of the
/// workflow's kind, and a stream that ends has exactly one.
[[nodiscard]] bool can_ask(std::span<const InstanceId> ids, const Workflow& workflow,
                           StreamEnd end = StreamEnd::never);

/// Appends `name=<id>` to a query, and `&` before it unless the query is empty.
void append_id_parameter(std::string& query, std::string_view name, const InstanceId& id);

/// Appends `name=value` in the same way, the value percent-encoded.
void append_parameter(std::string& query, std::string_view name, std::string_view value);

}  // namespace regstream
