#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>

namespace regstream::hub {

/// Why a subscription gets a `reset`.
enum class ResetCause : std::uint8_t {
  cursor_too_old,  ///< Its cursor is of this history, but older than what is kept.
  cursor_unknown,  ///< Its cursor is of another epoch, made up, or says that a reset was cut off.
  new_history,     ///< The history began in another epoch while the stream was open.
  updates_missed,  ///< Updates of the same epoch could not be read any more.
  reader_too_slow  ///< It fell behind the oldest message that is kept.
};

/// The names in `/api/health`.
inline constexpr std::array<std::string_view, 5> reset_cause_names{
    "cursorTooOld", "cursorUnknown", "newHistory", "updatesMissed", "readerTooSlow"};

/// How many resets were sent, by cause.
class ResetCounts {
 public:
  void add(ResetCause cause) { ++counts_[static_cast<std::size_t>(cause)]; }
  [[nodiscard]] std::uint64_t of(ResetCause cause) const {
    return counts_[static_cast<std::size_t>(cause)];
  }
  [[nodiscard]] std::uint64_t total() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  }

 private:
  std::array<std::uint64_t, reset_cause_names.size()> counts_{};
};

}  // namespace regstream::hub
