#include "gateway/registration_path.hpp"

#include <charconv>
#include <string_view>
#include <system_error>

#include <regstream/message/update.hpp>

namespace regstream::gateway {

static_assert(registration_id_max == 9'007'199'254'740'991);

std::optional<std::int64_t> registration_of_path(const net::Exchange& exchange) {
  const std::string_view text = exchange.path_parameter("id");
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id < 1 ||
      id > registration_id_max) {
    return std::nullopt;
  }
  return id;
}

}  // namespace regstream::gateway
