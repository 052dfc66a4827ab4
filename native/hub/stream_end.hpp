#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace regstream::hub {

/// Why a stream ended.
enum class StreamEnd : std::uint8_t {
  client_left,    ///< Its peer closed or vanished, or sent more than a reader may.
  final_update,   ///< It was open until the final update only.
  token_expired,  ///< For this one and the next: its reader took the rest, or was cut off.
  key_withdrawn,  ///< The key of its token was withdrawn.
  shutdown,       ///< The gateway shuts down.
  failed,         ///< It could not be served; the log says why.
  polled,         ///< It was a poll that got its answer, or got none in time.
};

/// Their names in the log.
inline constexpr std::array<std::string_view, 7> stream_end_names = {
    "client_left", "final_update", "token_expired", "key_withdrawn",
    "shutdown",    "failed",       "polled"};

[[nodiscard]] constexpr std::string_view name_of(StreamEnd end) {
  return stream_end_names[static_cast<std::size_t>(end)];
}

}  // namespace regstream::hub
