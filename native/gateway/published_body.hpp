#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <regstream/broker/publish_limits.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream::gateway {

using broker::published_bytes_max;

/// Why a body can't be published: one sentence for its author, which names the field.
struct UnpublishableBody {
  std::string detail;
  bool is_too_large = false;
};

/// Turns the body of a publish request into the channel's message; see `PublishRoute`.
[[nodiscard]] std::variant<std::string, UnpublishableBody> read_published_body(
    std::string_view body, const Workflow& workflow, const InstanceId& id,
    std::int64_t now_timestamp_ms);

}  // namespace regstream::gateway
