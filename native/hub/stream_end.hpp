#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace regstream::hub {

/// Why a stream has ended.
enum class StreamEnd : std::uint8_t {
  client_left,    ///< Its peer has closed or vanished, or sent more than a reader has to say.
  final_update,   ///< It was until the final update.
  token_expired,  ///< In both cases, whether its reader took the end or was cut off.
  key_withdrawn,  ///< The key of its token.
  shutdown,       ///< Of the gateway.
  failed,         ///< It could not be served, as the log says.
  polled,         ///< It was a poll, and has its answer, or there was none in its time.
};

/// Their names in the log.
inline constexpr std::array<std::string_view, 7> stream_end_names = {
    "client_left", "final_update", "token_expired", "key_withdrawn",
    "shutdown",    "failed",       "polled"};

[[nodiscard]] constexpr std::string_view name_of(StreamEnd end) {
  return stream_end_names[static_cast<std::size_t>(end)];
}

}  // namespace regstream::hub
