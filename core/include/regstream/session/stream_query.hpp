#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <regstream/workflow/workflow.hpp>

/// What a stream is asked for: the query of its request, and how much a server takes in one.
namespace regstream {

/// The ids of one stream. Who follows more opens another stream.
inline constexpr std::size_t stream_ids_max = 100;

/// Path and query of a request, as gateways take them.
inline constexpr std::size_t stream_target_bytes_max = std::size_t{6} << 10U;

/// What the ids of a stream may take of that. It leaves room for a path and a `lastEventId`, and
/// takes a hundred ids that are numbers, however large.
inline constexpr std::size_t stream_query_bytes_max = stream_target_bytes_max - 256;

/// When a stream is over.
enum class StreamEnd : std::uint8_t {
  never,
  final_status,  ///< With the first final status of its one instance (`until=final`).
};

/// Bytes of the longest query that a stream of these ids sends: with all of them in `snapshot`.
[[nodiscard]] std::size_t longest_query_bytes(std::span<const InstanceId> ids,
                                              const Workflow& workflow);

/// Whether one stream can be asked for `ids`; none: for every instance. Each has to be one of the
/// workflow's kind, and a stream that ends has exactly one.
[[nodiscard]] bool can_ask(std::span<const InstanceId> ids, const Workflow& workflow,
                           StreamEnd end = StreamEnd::never);

/// Appends `name=<id>` to a query, and `&` before it unless the query is empty.
void append_id_parameter(std::string& query, std::string_view name, const InstanceId& id);

/// Appends `name=value` likewise, the value percent-encoded.
void append_parameter(std::string& query, std::string_view name, std::string_view value);

}  // namespace regstream
