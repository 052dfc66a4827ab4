#include "gateway/instance_path.hpp"

#include <charconv>
#include <string_view>
#include <system_error>

namespace regstream::gateway {

std::optional<InstanceId> instance_of_path(const net::Exchange& exchange,
                                           const Workflow& workflow) {
  const std::string_view text = exchange.path_parameter("id");
  if (workflow.id_kind == IdKind::text) {
    return is_text_id(text) ? std::optional{InstanceId{std::string{text}}} : std::nullopt;
  }
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id < 1 || id > integer_id_max) {
    return std::nullopt;
  }
  return id;
}

std::string instance_path_expected(const Workflow& workflow) {
  return "The " + workflow.name + " id in the path must be " +
         (workflow.id_kind == IdKind::integer
              ? "a number from 1 to " + std::to_string(integer_id_max) + "."
              : "1 to " + std::to_string(text_id_bytes_max) +
                    " bytes of UTF-8 without control characters, and not *.");
}

}  // namespace regstream::gateway
