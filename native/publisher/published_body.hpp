#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace regstream {

/// Leaves room for the id within what subscribers take (`CodecLimits::message_bytes_max`).
inline constexpr std::size_t published_bytes_max = (std::size_t{1} << 20U) - 256;

/// Why a body can't be published: one sentence for its author that names the field.
struct UnpublishableBody {
  std::string detail;
  bool is_too_large = false;
};

/// The message of the channel that the body of a request to publish stands for, see `PublishRoute`.
[[nodiscard]] std::variant<std::string, UnpublishableBody> read_published_body(
    std::string_view body, std::int64_t registration_id, std::int64_t now_timestamp_ms);

}  // namespace regstream
